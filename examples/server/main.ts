import { createServer } from 'node:http'
import { fileURLToPath } from 'node:url'
import { DocumentServer } from '../document-page/server/document.ts'
import type { Overview } from '../document-page/shared.ts'
import { DOCUMENT_PATH, OVERVIEW_PATH } from '../document-page/shared.ts'
import type { Fault } from '../page/faults.ts'
import { openBoard } from '../task-board/server/board.ts'
import { BOARD_PATH } from '../task-board/shared.ts'
import { addressOf } from './address.ts'
import { listen } from './listen.ts'
import { Machine } from './machine.ts'
import { Network } from './network.ts'
import { Realtime } from './realtime.ts'
import { Replay } from './replay.ts'
import { sendPage } from './static-files.ts'

/** Options of {@link startDemo}. */
export interface DemoOptions {
  /** The first port to try; the next free one is used. 0 is any free port. */
  readonly port: number
  /** Duration of a replayed run, in milliseconds. */
  readonly runMs: number
  /** Pause after a run, in milliseconds. */
  readonly pauseMs: number
  /** The built pages by their path prefix, without a slash at the end; the first match applies. */
  readonly pages: Readonly<Record<string, URL>>
  /** The recording to replay. */
  readonly recording: URL
}

/** The running demo. */
export interface Demo {
  readonly url: string
  stop(): Promise<void>
}

/** Serves the pages and their sockets on one port. */
export async function startDemo(options: DemoOptions): Promise<Demo> {
  const folders = Object.entries(options.pages).map(
    ([under, folder]) => [under, fileURLToPath(folder)] as const,
  )
  const http = createServer((request, response) => {
    const { path, query } = addressOf(request.url)
    if (path === OVERVIEW_PATH) return response.end(JSON.stringify(overview(query.getAll('page'))))
    const fault = faults.get(path)
    if (!fault) return sendPage(folders, path, response)
    // Sockets and fault requests carry the page's id, so that a page breaks only its own
    // connection.
    if (request.method === 'POST') fault(query.get('page') ?? '')
    response.writeHead(request.method === 'POST' ? 204 : 405).end()
  })

  const behind = createServer()
  const network = new Network(http, behind, (path) => {
    if (path === DOCUMENT_PATH) return document.isUp
    return path === BOARD_PATH || realtime.isUp
  })
  const machine = new Machine((figures) => realtime.measured(figures).catch(console.error))
  const replay = new Replay({
    file: fileURLToPath(options.recording),
    runMs: options.runMs,
    pauseMs: options.pauseMs,
    started: (processId) => realtime.started(processId).catch(console.error),
    happened: (envelope) => realtime.happened(envelope).catch(console.error),
  })
  const realtime = new Realtime(behind, {
    processId: () => replay.processId,
    figures: () => machine.past,
  })
  const board = await openBoard(behind)
  const document = new DocumentServer(behind)
  const causes: Readonly<Record<Fault, (page: string) => unknown>> = {
    disconnect: (page) => network.disconnect(page),
    cut: (page) => network.cut(page),
    join: (page) => network.join(page),
    freeze: (page) => network.freeze(page),
    thaw: (page) => network.thaw(page),
    slow: (page) => network.slow(page, true),
    fast: (page) => network.slow(page, false),
    reject: (page) => document.rejectNext(page, true),
    accept: (page) => document.rejectNext(page, false),
    restart: () => realtime.restart().catch(console.error),
    'restart-document': () => document.restart().catch(console.error),
  }
  const faults = new Map(Object.entries(causes).map(([name, run]) => [`/fault/${name}`, run]))

  /** Returns what the server of the document knows, and the switches of these panels. */
  function overview(pages: readonly string[]): Overview {
    const positions = pages.map((page) => {
      return [page, { ...network.faultsOf(page), reject: document.isRejecting(page) }]
    })
    return { ...document.overview, positions: Object.fromEntries(positions) }
  }

  const port = await listen(http, options.port)
  replay.start()
  return {
    url: `http://127.0.0.1:${port}/`,
    async stop() {
      replay.stop()
      machine.stop()
      await Promise.all([realtime.close(), board.close(), document.close()])
      network.close()
      http.close()
      http.closeAllConnections()
    },
  }
}
