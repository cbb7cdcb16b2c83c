import { systemClock } from '../../base/clock.ts'
import { checkNames } from '../../base/known-names.ts'
import type { ServedSocket } from '../network/far-end.ts'
import type { MemoryPairOptions } from '../network/memory-pair.ts'
import { MemoryPair, networkOptions } from '../network/memory-pair.ts'

/**
 * A server of any protocol, played by the test message by message: for dialects that have no server
 * half, such as `graphqlWs`, `phoenix`, `actioncable`, `pusher` or one of `jsonDialect`. Messages are JSON,
 * unless `codec` reads and writes them, such as the texts of Engine.IO.
 *
 * @typeParam Message the messages of the client, which are not checked
 *
 * @example
 * import { ManualClock, ScriptedPeer } from 'wirefold/testing'
 *
 * const peer = new ScriptedPeer<{ event: string; data: { channel: string } }>({
 *   clock: new ManualClock(),
 *   greetings: [{ event: 'pusher:connection_established', data: '{"socket_id":"1.1"}' }],
 *   play({ event, data }, send) {
 *     if (event !== 'pusher:subscribe') return
 *     send({ event: 'pusher_internal:subscription_succeeded', channel: data.channel })
 *   },
 * })
 */
export class ScriptedPeer<Message = unknown> {
  /** Transport for the client. */
  readonly transport: MemoryPair
  /** All messages of the client so far, of all connections. */
  readonly messages: Message[] = []
  /** Messages that every connection begins with. */
  readonly greetings: unknown[]
  readonly #play: ScriptedPeerOptions<Message>['play']
  readonly #codec: TextCodec<Message>
  #newest: ServedSocket | undefined

  /** Creates a server without connections; throws `bad-option` for an option of an unknown name. */
  constructor(options: ScriptedPeerOptions<Message> = {}) {
    const names = { ...networkOptions, greetings: true, play: true, codec: true }
    checkNames('ScriptedPeer', options, names)
    const { clock = systemClock, greetings = [], play, codec = JSON_TEXTS, ...network } = options
    this.greetings = [...greetings]
    this.#codec = codec
    this.#play = play
    this.transport = new MemoryPair({ ...network, clock, onConnect: (end) => this.accept(end) })
  }

  /** Serves a socket of another transport, such as one of mock-socket. */
  accept(socket: ServedSocket): void {
    this.#newest = socket
    const send = (message: unknown): void => socket.send(this.#codec.encode(message))
    socket.onMessage = (data) => {
      const message = this.#codec.decode(data)
      this.messages.push(message)
      this.#play?.(message, send)
    }
    this.greetings.forEach(send)
  }

  /** Sends messages to the newest connection. */
  send(...messages: readonly unknown[]): void {
    if (!this.#newest) throw new Error('There is no connection yet. Connect a client first.')
    for (const message of messages) this.#newest.send(this.#codec.encode(message))
  }

  /** Closes the newest connection, if there is one; by default with 1006, as if it were lost. */
  drop(code = 1006, reason = ''): void {
    this.#newest?.close(code, reason)
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ScriptedPeer'
  }
}

/** Options of a {@link ScriptedPeer}. */
export interface ScriptedPeerOptions<Message>
  extends Partial<Omit<MemoryPairOptions, 'onConnect' | 'autoAccept'>> {
  /**
   * Messages that every connection begins with.
   * @default none
   */
  readonly greetings?: readonly unknown[]
  /** Called with each message of the client, and a function that answers on the same connection. */
  readonly play?: (message: Message, send: (message: unknown) => void) => void
  /**
   * Writes and reads messages that are not JSON: `{ encode: String, decode: (text) => text }` leaves them as
   * they are.
   * @default JSON
   */
  readonly codec?: TextCodec<Message>
}

/** Writes the messages of a {@link ScriptedPeer} as text, and reads those of its clients. */
export interface TextCodec<Message> {
  /** Returns the text of a message. */
  encode(message: unknown): string
  /** Returns the message of a text. */
  decode(text: string): Message
}

const JSON_TEXTS = {
  encode: (message: unknown): string => JSON.stringify(message),
  decode: (text: string) => JSON.parse(text),
}
