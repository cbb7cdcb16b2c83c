import { setTimeout as sleep } from 'node:timers/promises'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'
import { carryOut } from '../../support/commands.ts'
import { sharedNow } from './time.ts'

/* Some of the clients of a rolling restart. Arguments: url, total clients, index of the first, count. */

const [url = '', ...numbers] = process.argv.slice(2)
const [total = 0, first = 0, count = 0] = numbers.map(Number)

const ROOMS = 10
/** Connections opened at a time, since the backlog of a listening socket is short. */
const GROUP = 20
/** Concurrent requests of this process. */
const CONCURRENCY = 8
const REQUEST_PAUSE_MS = 10
/** A timeout for all steps, long enough for any machine. */
const PATIENCE_MS = 120_000

/** A connection of a client, and its times by the shared clock. */
interface SocketTimes {
  readonly dialled: number
  /** Time of the first message, which is the welcome. */
  welcomed?: number
  /** Time of the close, by either side. */
  closed?: number
}

function openClient(index: number) {
  const sockets: SocketTimes[] = []
  class TimedSocket extends WebSocket {
    readonly #times: SocketTimes = { dialled: sharedNow() }

    constructor(address: string | URL, protocols?: string | string[]) {
      super(address, protocols)
      sockets.push(this.#times)
      this.once('message', () => {
        this.#times.welcomed = sharedNow()
      })
      this.once('close', () => {
        this.#times.closed ??= sharedNow()
      })
    }

    override close(code?: number, data?: string | Buffer): void {
      this.#times.closed ??= sharedNow()
      super.close(code, data)
    }
  }
  // `random` determines the position in the window at which a client moves.
  const share = (index + 0.5) / total
  const client = new RealtimeClient(url, {
    WebSocket: TimedSocket,
    random: () => share,
    connectTimeoutMs: PATIENCE_MS,
    requestTimeoutMs: PATIENCE_MS,
    // A busy process may be late without being dead.
    heartbeat: false,
  })
  const received: number[] = []
  const faults: string[] = []
  client.on('error', (error) => faults.push(String(error)))
  client.on('dropped', ({ code, reason }) => faults.push(`dropped: ${code} ${reason}`))
  const channels = new ChannelSubscriber(client)
  const subscription = channels.subscribe<number>(`room:${index % ROOMS}`, (n) => {
    received.push(n)
    arrived()
  })
  subscription.status.listen(({ name }) => {
    if (name === 'gap') faults.push('a gap')
  })
  return { client, subscription, sockets, share, received, faults }
}

const clients: ReturnType<typeof openClient>[] = []
let arrived = (): void => {}
let going = true
let requests = 0
const refused: string[] = []
let requesting: Promise<unknown> | undefined

/** Sends requests from one client after another, each after the previous reply. */
async function request(from: number): Promise<void> {
  for (let n = from; going; n += CONCURRENCY) {
    const key = `${first}:${requests++}`
    const answer = clients[n % count]?.client.request('apply', key)
    await answer?.catch((error) => refused.push(String(error)))
    await sleep(REQUEST_PAUSE_MS)
  }
}

const commands = {
  /** Connects all clients and subscribes each to its room. */
  async connect() {
    while (clients.length < count) {
      const group = Array.from({ length: Math.min(GROUP, count - clients.length) }, (_, n) =>
        openClient(first + clients.length + n),
      )
      clients.push(...group)
      await Promise.all(group.map(({ subscription }) => subscription.ready))
    }
  },

  /** Starts to send requests. */
  request() {
    requesting = Promise.all(Array.from({ length: CONCURRENCY }, (_, n) => request(n)))
  },

  /** Stops sending requests; returns their number and the failures. */
  async finish() {
    going = false
    await requesting
    return { requests, refused }
  },

  /** Waits until every client has received all events, and returns the record of each client. */
  async story(published: number) {
    const complete = new Promise<void>((resolve) => {
      arrived = () => {
        if (clients.every(({ received }) => received.length >= published)) resolve()
      }
      arrived()
    })
    await Promise.race([complete, sleep(PATIENCE_MS, undefined, { ref: false })])
    return clients.map(({ sockets, share, received, faults }) => ({
      sockets,
      share,
      received,
      faults,
    }))
  },
}

/** Commands of the clients. */
export type ClientCommands = typeof commands

carryOut(commands)
