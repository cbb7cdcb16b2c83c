import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { openBoard } from '../../task-board/server/board.ts'
import { BOARD_PATH } from '../../task-board/shared.ts'
import { addressOf } from './address.ts'
import { listen } from './listen.ts'
import { Machine } from './machine.ts'
import { Network } from './network.ts'
import { Realtime } from './realtime.ts'
import { Replay } from './replay.ts'
import { sendPage } from './static-files.ts'

/** What {@link startDemo} is told. */
export interface DemoOptions {
  /** The port to begin with; the next free one is taken. 0 is any. */
  readonly port: number
  /** How long a replayed run takes, in milliseconds. */
  readonly runMs: number
  /** How long its end stays, in milliseconds. */
  readonly pauseMs: number
  /** The built pages by the path each is under, without a slash at its end; the first that fits. */
  readonly pages: Readonly<Record<string, URL>>
  /** The recording to replay. */
  readonly recording: URL
}

/** The demo while it runs. */
export interface Demo {
  readonly url: string
  stop(): Promise<void>
}

/** Serves the pages and their sockets from one port. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const folders = Object.entries(options.pages).map(
    ([under, folder]) => [under, fileURLToPath(folder)] as const,
  )
  const http = createServer((request, response) => {
    const { path, query } = addressOf(request.url)
    const trouble = troubles.get(path)
    if (!trouble) return sendPage(folders, path, response)
    // A page's id comes with the sockets and with the wish: nobody breaks the connection of others.
    if (request.method === 'POST') trouble(query.get('page') ?? '')
    response.writeHead(request.method === 'POST' ? 204 : 405).end()
  })

  const network = new Network(http, (path) => path === BOARD_PATH || realtime.isUp)
  const machine = new Machine((figures) => realtime.measured(figures).catch(console.error))
  const replay = new Replay({
    file: fileURLToPath(options.recording),
    runMs: options.runMs,
    pauseMs: options.pauseMs,
    started: (processId) => realtime.started(processId).catch(console.error),
    happened: (envelope) => realtime.happened(envelope).catch(console.error),
  })
  const realtime = new Realtime(http, {
    processId: () => replay.processId,
    figures: () => machine.past,
  })
  const board = await openBoard(http)
  const troubles = new Map<string, (page: string) => void>([
    ['/trouble/cut', (page) => network.cut(page)],
    ['/trouble/freeze', (page) => network.freeze(page)],
    ['/trouble/thaw', (page) => network.thaw(page)],
    ['/trouble/restart', () => realtime.restart().catch(console.error)],
  ])

  const port = await listen(http, options.port)
  replay.start()
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      replay.stop()
      machine.stop()
      await Promise.all([realtime.close(), board.close()])
      network.close()
      http.close()
      http.closeAllConnections()
    },
  }
}
