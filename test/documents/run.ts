import ts from 'typescript'
import { onTestFinished } from 'vitest'
import * as wirefold from 'wirefold'
import * as streams from 'wirefold/dialects/streams'
import * as wirefoldServer from 'wirefold/server'
import * as wirefoldRedis from 'wirefold/server/redis'
import { WebSocket } from 'ws'
import type { Block } from './blocks.ts'

/** How a block is run. */
export interface RunOptions {
  /** The host and port that take the place of those in the addresses of the block. */
  readonly host?: string
  /** What the block takes from the application of its reader, by its name. */
  readonly given?: Readonly<Record<string, unknown>>
  /** Modules that the block gets instead of the installed ones. */
  readonly modules?: Readonly<Record<string, object>>
}

/**
 * Runs a block as it stands in its document, with the sources of this project. Every client, server and
 * broker that it makes ends with the test.
 *
 * @returns what the block declares, by its name
 */
export async function run<Made extends object>(
  { document, line, language, code }: Block,
  { host, given = {}, modules = {} }: RunOptions = {},
): Promise<Made> {
  const { outputText } = ts.transpileModule(code, {
    fileName: `${document}.${line}.${language}`,
    compilerOptions: {
      module: ts.ModuleKind.CommonJS,
      target: ts.ScriptTarget.ES2022,
      jsx: ts.JsxEmit.ReactJSX,
    },
  })
  const imported = new Map<string, object>(Object.entries({ ...standIns(host), ...modules }))
  for (const [, name = ''] of outputText.matchAll(/\brequire\("([^"]+)"\)/g)) {
    if (!imported.has(name)) imported.set(name, await import(name))
  }
  const names = Object.keys(given)
  const body = `return (async () => { ${outputText}
    return { ${declaredIn(code).join(', ')} } })()`
  const start = new Function('require', 'exports', ...names, body)
  return start((name: string) => imported.get(name), {}, ...Object.values(given))
}

/** The names of the constants and functions that a block declares at its top. */
function declaredIn(code: string): readonly string[] {
  const source = ts.createSourceFile('block.tsx', code, ts.ScriptTarget.ES2022)
  return source.statements.flatMap((statement) => {
    if (ts.isFunctionDeclaration(statement)) return statement.name?.text ?? []
    if (!ts.isVariableStatement(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? name.text : name.elements.map((element) => element.getText(source)),
    )
  })
}

/** The entries of this project, whose clients go to `host`, and whose servers take any free port. */
function standIns(host: string | undefined): Record<string, object> {
  const addressed = (url: string): string =>
    host === undefined ? url : url.replace(/^\w+:\/\/[^/]+/, `ws://${host}`)

  class RealtimeClient extends wirefold.RealtimeClient {
    constructor(url: string, options: wirefold.ClientOptions = {}) {
      super(addressed(url), { WebSocket, ...options })
      onTestFinished(() => this.close())
    }
  }
  // Node 20 has no WebSocket of its own.
  const webSocketTransport: typeof wirefold.webSocketTransport = (Class = WebSocket, ...options) =>
    wirefold.webSocketTransport(Class, ...options)
  class RealtimeServer extends wirefoldServer.RealtimeServer {
    override listen(): Promise<wirefoldServer.ListeningServer> {
      return super.listen(0)
    }
  }
  const createRealtimeServer = (options: wirefoldServer.RealtimeServerOptions): RealtimeServer => {
    const server = new RealtimeServer(options)
    onTestFinished(() => server.close())
    return server
  }
  const createRedisBroker: typeof wirefoldRedis.createRedisBroker = async (...about) => {
    const broker = await wirefoldRedis.createRedisBroker(...about)
    onTestFinished(() => broker.close())
    return broker
  }
  const createStreamClient = (
    options: streams.StreamClientOptions<readonly streams.StreamPlugin[]>,
  ): streams.StreamConnection => {
    const url = addressed(options.url)
    const made = streams.createStreamClient({ WebSocket, ...options, url })
    onTestFinished(() => made.close())
    return made
  }
  return {
    wirefold: { ...wirefold, RealtimeClient, webSocketTransport },
    'wirefold/dialects/streams': { ...streams, createStreamClient },
    'wirefold/server': { ...wirefoldServer, createRealtimeServer },
    'wirefold/server/redis': { ...wirefoldRedis, createRedisBroker },
  }
}
