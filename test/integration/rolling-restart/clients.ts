import { setTimeout as sleep } from 'node:timers/promises'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { WebSocket } from 'ws'
import { carryOut } from '../../support/commands.ts'
import { sharedNow } from './time.ts'

/* Some of the clients of a rolling restart. Arguments: the url, of how many clients these are a part, the first, and how many. */

const [url = '', ...numbers] = process.argv.slice(2)
const [total = 0, first = 0, count = 0] = numbers.map(Number)

const ROOMS = 10
/** So many connect at a time: the backlog of a listening socket is short. */
const GROUP = 20
/** So many requests of this process are under way at a time. */
const ASKING = 8
const ASK_PAUSE_MS = 10
/** Long enough for any machine: what takes longer has failed. */
const PATIENCE_MS = 120_000

/** A socket of a client, and its times by the shared clock. */
interface SocketTimes {
  readonly dialled: number
  /** When the first message came, which is the welcome. */
  welcomed?: number
  /** When it was closed, from whichever side. */
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
  // Chance decides where in the window a client moves: it gives each another share of it.
  const share = (index + 0.5) / total
  const client = new RealtimeClient(url, {
    WebSocket: TimedSocket,
    random: () => share,
    connectTimeoutMs: PATIENCE_MS,
    requestTimeoutMs: PATIENCE_MS,
    // A process that waits for the processor is no dead peer.
    heartbeat: false,
  })
  const heard: number[] = []
  const faults: string[] = []
  client.on('error', (error) => faults.push(String(error)))
  client.on('dropped', ({ code, reason }) => faults.push(`dropped: ${code} ${reason}`))
  const channels = new ChannelSubscriber(client)
  const subscription = channels.subscribe<number>(`room:${index % ROOMS}`, (n) => {
    heard.push(n)
    arrived()
  })
  subscription.status.listen(({ name }) => {
    if (name === 'gap') faults.push('a gap')
  })
  return { client, subscription, sockets, share, heard, faults }
}

const clients: ReturnType<typeof openClient>[] = []
let arrived = (): void => {}
let going = true
let asked = 0
const refused: string[] = []
let asking: Promise<unknown> | undefined

/** Asks one client after another, each time once the last answer is there. */
async function ask(from: number): Promise<void> {
  for (let n = from; going; n += ASKING) {
    const key = `${first}:${asked++}`
    const answer = clients[n % count]?.client.request('apply', key)
    await answer?.catch((error) => refused.push(String(error)))
    await sleep(ASK_PAUSE_MS)
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

  /** Asks, again and again. */
  ask() {
    asking = Promise.all(Array.from({ length: ASKING }, (_, n) => ask(n)))
  },

  /** Stops asking; tells how many requests there were, and which failed. */
  async finish() {
    going = false
    await asking
    return { asked, refused }
  },

  /** Waits until every client has heard so many events, and tells what each has lived through. */
  async story(published: number) {
    const complete = new Promise<void>((resolve) => {
      arrived = () => {
        if (clients.every(({ heard }) => heard.length >= published)) resolve()
      }
      arrived()
    })
    await Promise.race([complete, sleep(PATIENCE_MS, undefined, { ref: false })])
    return clients.map(({ sockets, share, heard, faults }) => ({ sockets, share, heard, faults }))
  },
}

/** What the test has the clients do. */
export type ClientCommands = typeof commands

carryOut(commands)
