import ts from 'typescript'
import { onTestFinished } from 'vitest'
import * as wirefold from 'wirefold'
import * as contract from 'wirefold/contract'
import * as streams from 'wirefold/dialects/streams'
import * as wirefoldServer from 'wirefold/server'
import * as wirefoldRedis from 'wirefold/server/redis'
import { WebSocket } from 'ws'
import type { Block } from './blocks.ts'

/** Options for running a block. */
export interface RunOptions {
  /** The host and port that replace those in the addresses of the block, or stand before a path. */
  readonly host?: string
  /** The values that the block uses from the reader's application, by name. */
  readonly given?: Readonly<Record<string, unknown>>
  /** Modules that the block gets instead of the installed ones. */
  readonly modules?: Readonly<Record<string, object>>
}

/**
 * Runs a block unchanged, with the sources of this project. Every client, server and broker that it
 * creates is closed after the test.
 *
 * @returns the values that the block declares, by name
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
  const imported = new Map<string, object>(Object.entries({ ...replacements(host), ...modules }))
  for (const [, name = ''] of outputText.matchAll(/\brequire\("([^"]+)"\)/g)) {
    if (!imported.has(name)) imported.set(name, await import(name))
  }
  const names = Object.keys(given)
  const body = `return (async () => { ${outputText}
    return { ...exports, ${declaredIn(code).join(', ')} } })()`
  const start = new Function('require', 'exports', ...names, body)
  return start((name: string) => imported.get(name), {}, ...Object.values(given))
}

/** Returns the names of the constants and functions at the top level of a block. */
function declaredIn(code: string): readonly string[] {
  const source = ts.createSourceFile('block.tsx', code, ts.ScriptTarget.ES2022)
  return source.statements.flatMap((statement) => {
    // What a block exports is found in its `exports`.
    if (isExported(statement)) return []
    if (ts.isFunctionDeclaration(statement)) return statement.name?.text ?? []
    if (!ts.isVariableStatement(statement)) return []
    return statement.declarationList.declarations.flatMap(({ name }) =>
      ts.isIdentifier(name) ? name.text : name.elements.map((element) => element.getText(source)),
    )
  })
}

function isExported(statement: ts.Statement): boolean {
  const modifiers = ts.canHaveModifiers(statement) ? ts.getModifiers(statement) : undefined
  return modifiers?.some(({ kind }) => kind === ts.SyntaxKind.ExportKeyword) ?? false
}

/**
 * Returns the entries of this project, with clients that connect to `host` and servers on free
 * ports.
 */
function replacements(host: string | undefined): Record<string, object> {
  const addressed = (url: string): string =>
    host === undefined ? url : url.replace(/^(\w+:\/\/[^/]+)?/, `ws://${host}`)

  class RealtimeClient extends wirefold.RealtimeClient {
    constructor(url: string, options: wirefold.ClientOptions = {}) {
      super(addressed(url), { WebSocket, ...options })
      onTestFinished(() => this.close())
    }
  }
  // Node 20 has no global WebSocket.
  const webSocketTransport: typeof wirefold.webSocketTransport = (Class = WebSocket, ...options) =>
    wirefold.webSocketTransport(Class, ...options)
  const ports = new Set<number>()
  class RealtimeServer extends wirefoldServer.RealtimeServer {
    override async listen(port = 0): Promise<wirefoldServer.ListeningServer> {
      // A block that starts a second server where the first one was knows that port.
      const listening = await super.listen(ports.has(port) ? port : 0)
      ports.add(listening.port)
      return listening
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
    'wirefold/contract': contract,
    'wirefold/dialects/streams': { ...streams, createStreamClient },
    'wirefold/server': { ...wirefoldServer, createRealtimeServer },
    'wirefold/server/redis': { ...wirefoldRedis, createRedisBroker },
  }
}
