import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { checkNames } from '../../base/known-names.ts'
import { nativeServer } from '../../dialects/native/server.ts'
import type { Fields } from '../../protocol/fields.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import type { ServedSocket } from '../network/far-end.ts'
import type { MemoryPairOptions } from '../network/memory-pair.ts'
import { MemoryPair, networkOptions } from '../network/memory-pair.ts'
import type { Script, ScriptedWelcome } from './scripted-connection.ts'
import { ScriptedConnection } from './scripted-connection.ts'
import { ScriptedHistory } from './scripted-history.ts'
import type { MakeServerDialect } from './server-halves.ts'

/**
 * A minimal server in memory, on the clock of the test, in the native dialect or any other: it
 * welcomes clients, keeps subscriptions, answers requests, and simulates the failures that the test
 * sets.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { ManualClock, ScriptedServer } from 'wirefold/testing'
 *
 * const clock = new ManualClock()
 * const server = new ScriptedServer({ clock, answer: (type) => (type === 'cart:get' ? [] : undefined) })
 * const client = new RealtimeClient('ws://test/', { transport: server.transport, clock })
 */
export class ScriptedServer {
  /** Transport for the client. */
  readonly transport: MemoryPair
  /** All messages so far, of all connections; batches are split. */
  readonly messages: Fields[] = []
  /** If true, messages are read and never answered. */
  silent = false
  /** Fields of the welcome. */
  welcome: ScriptedWelcome = {}
  /** Offsets in the pongs: `{channel: [epoch, offset]}`. */
  offsets: Readonly<Record<string, readonly [epoch: string, offset: number]>> | undefined
  /** Difference of the clock of the server to that of the test, in milliseconds. */
  clockOffsetMs = 0
  readonly #dialect: MakeServerDialect
  readonly #script: Script
  readonly #history = new ScriptedHistory()
  readonly #connections: ScriptedConnection[] = []

  /** Creates a server without connections; throws `bad-option` for an option of an unknown name. */
  constructor(options: ScriptedServerOptions = {}) {
    const names = { ...networkOptions, dialect: true, refuse: true, answer: true }
    checkNames('ScriptedServer', options, names)
    const { clock = systemClock, dialect = nativeServer, refuse, answer, ...network } = options
    this.#dialect = typeof dialect === 'function' ? dialect : () => dialect
    this.#script = this.#makeScript(clock, refuse, answer)
    this.transport = new MemoryPair({ ...network, clock, onConnect: (end) => this.accept(end) })
  }

  /** Channels to which the newest connection is subscribed. */
  get subscribed(): Set<string> {
    return this.#connections.at(-1)?.subscribed ?? new Set()
  }

  /** Epoch of all histories; a new one means that the history was lost. */
  get epoch(): string {
    return this.#history.epoch
  }

  /** Serves a socket of another transport, such as one of mock-socket. */
  accept(socket: ServedSocket): void {
    const connection = new ScriptedConnection(socket, this.#dialect(socket.url), this.#script)
    this.#connections.push(connection)
    socket.onMessage = (data) => connection.read(data)
    socket.onClose = () => connection.subscribed.clear()
    connection.open()
  }

  /** Returns the number of messages of a type. */
  count(type: string): number {
    return this.messages.filter((message) => message.type === type).length
  }

  /** Sends a message to the newest connection, as JSON. */
  send(message: unknown): void {
    this.#newest().socket.send(JSON.stringify(message))
  }

  /** Sends a frame to the newest connection, in the words of the dialect. */
  sendFrame(frame: ServerFrame): void {
    this.#newest().say(frame)
  }

  /**
   * Adds an event to the histories of a channel and its families, and sends it to the connections that are
   * subscribed. Throws `unsupported` if the half serves no such channel.
   */
  publish(channel: string, type: string, payload?: unknown): void {
    const now = this.#script.clock.wall() + this.clockOffsetMs
    for (const event of this.#history.add(channel, type, payload, now)) {
      for (const connection of this.#connections) connection.deliver(event)
    }
  }

  /** Drops all histories and starts a new epoch. */
  forget(epoch: string): void {
    this.#history.forget(epoch)
  }

  /** Closes the newest connection, if there is one; by default with 1006, as if it were lost. */
  drop(code = 1006, reason = ''): void {
    this.#connections.at(-1)?.socket.close(code, reason)
  }

  #newest(): ScriptedConnection {
    const connection = this.#connections.at(-1)
    if (!connection) throw new Error('There is no connection yet. Connect a client first.')
    return connection
  }

  #makeScript(clock: Clock, refuse: Script['refuse'], answer: Script['answer']): Script {
    const server = this
    return {
      ...{ clock, refuse, answer, history: this.#history },
      get silent() {
        return server.silent
      },
      get welcome() {
        return server.welcome
      },
      get clockOffsetMs() {
        return server.clockOffsetMs
      },
      get offsets() {
        if (!server.offsets) return undefined
        return new Map(
          Object.entries(server.offsets).map(([name, [epoch, offset]]) => [
            name,
            { epoch, offset },
          ]),
        )
      },
      received: (message) => this.messages.push(message),
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ScriptedServer'
  }
}

/** Options of a {@link ScriptedServer}. */
export interface ScriptedServerOptions
  extends Partial<Omit<MemoryPairOptions, 'onConnect' | 'autoAccept'>> {
  /**
   * The server half of the dialect; `serverHalves` has those of this package. A function makes one for
   * each connection.
   * @default that of the native dialect
   */
  readonly dialect?: ServerDialect | MakeServerDialect
  /** Refuses a channel by returning an error code. */
  readonly refuse?: (channel: string) => string | undefined
  /**
   * Answers a request, also by a promise; `undefined` sends no reply. Throwing, or a promise that
   * rejects, refuses, with the error message as code.
   *
   * @param type the type of the request; `publish`, `auth` and `presence:join` of what is no request
   */
  readonly answer?: (type: string, payload: unknown, message: Fields) => unknown
}
