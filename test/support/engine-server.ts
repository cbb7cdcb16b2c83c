import type { ClientOptions } from 'wirefold'
import { RealtimeClient } from 'wirefold'
import { type EngineIoOptions, engineIo, withAcks } from 'wirefold/dialects/socketio'
import { type FarEnd, ManualClock, MemoryPair } from 'wirefold/testing'

const HANDSHAKE = '{"sid":"e","upgrades":[],"pingInterval":25000,"pingTimeout":20000}'

/** A minimal session server in memory that speaks Engine.IO as text. */
export class EngineServer {
  readonly pair: MemoryPair
  /** Every packet received so far, from all connections. */
  readonly packets: string[] = []
  /** While true the server reads everything and answers nothing. */
  silent = false
  /** Returns the packet that answers the client's connect packet. */
  connectReply: (packet: string) => string = (packet) =>
    `${packet.replace(/[[{].*/, '')}{"sid":"s"}`
  #sessions = new Set<string>()

  constructor(clock: ManualClock) {
    this.pair = new MemoryPair({
      clock,
      onConnect: (end) => {
        const sessions = new Set<string>()
        this.#sessions = sessions
        end.onMessage = (packet) => this.#read(end, sessions, packet)
        end.onClose = () => sessions.clear()
        end.accept()
        end.send(`0${HANDSHAKE}`)
      },
    })
  }

  /** The sessions that the newest connection is subscribed to. */
  get sessions(): readonly string[] {
    return [...this.#sessions]
  }

  /** The names and first arguments of the events so far, without handshakes and pongs. */
  get events(): readonly string[] {
    return this.packets.flatMap((packet) => {
      const [, name, argument] = /^42\["(\w+)","([^"]*)"\]$/.exec(packet) ?? []
      return name === undefined ? [] : [`${name} ${argument}`]
    })
  }

  /** Sends a packet to the newest connection. */
  send(packet: string): void {
    this.pair.last.send(packet)
  }

  /** Sends an event of a session, provided the newest connection is subscribed to it. */
  emit(sessionId: string, name: string, data: object): void {
    if (this.#sessions.has(sessionId)) {
      this.send(`42${JSON.stringify([name, { sessionId, ...data }])}`)
    }
  }

  #read(end: FarEnd, sessions: Set<string>, packet: string): void {
    this.packets.push(packet)
    if (this.silent) return
    if (packet.startsWith('40')) end.send(this.connectReply(packet))
    const [, verb, sessionId = ''] = /^42\["((?:un)?subscribe)","([^"]*)"\]$/.exec(packet) ?? []
    if (verb === 'subscribe') sessions.add(sessionId)
    if (verb === 'unsubscribe') sessions.delete(sessionId)
    if (verb) end.send(`42${JSON.stringify([`${verb}d`, { sessionId }])}`)
  }
}

/** A client of a session server on one manual clock; collects what is emitted as `error`. */
export function overEngineIo(options: ClientOptions = {}, engine: EngineIoOptions = {}) {
  const clock = new ManualClock(1_762_596_000_000)
  const server = new EngineServer(clock)
  const { dialect, transport } = engineIo(server.pair, engine)
  const client = new RealtimeClient('ws://test', {
    dialect: withAcks(dialect),
    transport,
    clock,
    random: () => 0.5,
    ...options,
  })
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  return { clock, server, client, errors }
}
