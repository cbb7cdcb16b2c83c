import type { Clock } from '../base/clock.ts'
import { asFields, asString, asStrings, type Fields, isFields } from '../protocol/fields.ts'
import type { FarEnd } from './far-end.ts'
import { MemoryPair } from './memory-pair.ts'

/**
 * A minimal server of the native protocol, in memory and on the clock of the test: it welcomes
 * clients, keeps subscriptions, answers requests, and simulates the failures that the test sets.
 */
export class ScriptedServer {
  /** Transport for the client. */
  readonly transport: MemoryPair
  /** All messages so far, of all connections; batches are split. */
  readonly messages: Fields[] = []
  /** Channels to which the newest connection is subscribed. */
  subscribed = new Set<string>()
  /** If true, messages are read and never answered. */
  silent = false
  /** Payload of the welcome. */
  welcome: Fields = {}
  /** Offsets in the pongs: `{channel: [epoch, offset]}`. */
  offsets: Fields | undefined
  /** Difference of the clock of the server to that of the test, in milliseconds. */
  clockOffsetMs = 0
  readonly #options: ScriptedServerOptions
  /** Epoch of all histories; a new one means that the history was lost. */
  epoch = 'e1'
  readonly #histories = new Map<string, Fields[]>()

  constructor(options: ScriptedServerOptions) {
    this.#options = options
    const { clock, latencyMs = 0 } = options
    this.transport = new MemoryPair({
      clock,
      latencyMs,
      onConnect: (end) => {
        const subscribed = new Set<string>()
        this.subscribed = subscribed
        end.onMessage = (data) => this.#read(end, subscribed, data)
        end.onClose = () => subscribed.clear()
      },
    })
  }

  /** Returns the number of messages of a type. */
  count(type: string): number {
    return this.messages.filter((message) => message.type === type).length
  }

  /** Sends a message to the newest connection. */
  send(message: unknown): void {
    this.transport.last.send(JSON.stringify(message))
  }

  /**
   * Adds an event to the history of a channel, and sends it to the newest connection if subscribed.
   */
  publish(channel: string, type: string, payload?: unknown): void {
    const history = this.#history(channel)
    const event = {
      type,
      channel,
      payload,
      offset: history.length + 1,
      id: `${channel}#${history.length + 1}`,
    }
    history.push(event)
    if (this.subscribed.has(channel)) this.send(event)
  }

  /** Drops all histories and starts a new epoch. */
  forget(epoch: string): void {
    this.epoch = epoch
    this.#histories.clear()
  }

  /** Closes the newest connection; by default with 1006, as if it were lost. */
  drop(code = 1006, reason = ''): void {
    this.transport.last.close(code, reason)
  }

  #read(end: FarEnd, subscribed: Set<string>, data: string): void {
    const parsed: unknown = JSON.parse(data)
    for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
      if (!isFields(message)) continue
      this.messages.push(message)
      if (this.silent) this.#apply(subscribed, message)
      else this.#answer(end, subscribed, message)
    }
  }

  #history(channel: string): Fields[] {
    const history = this.#histories.get(channel) ?? []
    this.#histories.set(channel, history)
    return history
  }

  /**
   * Applies a message to the subscriptions, even if it is not answered; returns the refused
   * channels.
   */
  #apply(subscribed: Set<string>, message: Fields): Record<string, string> {
    const payload = asFields(message.payload)
    const channels = [...asStrings(payload.channels), ...resumed(payload.since).keys()]
    const refused: [string, string][] = []
    for (const channel of channels) {
      if (message.type === 'unsubscribe') subscribed.delete(channel)
      if (message.type !== 'subscribe') continue
      const code = this.#options.refuse?.(channel)
      if (code === undefined) subscribed.add(channel)
      else refused.push([channel, code])
    }
    return Object.fromEntries(refused)
  }

  #answer(end: FarEnd, subscribed: Set<string>, message: Fields): void {
    const type = asString(message.type) ?? ''
    const { requestId, payload } = message
    const send = (answer: unknown): void => end.send(JSON.stringify(answer))
    switch (type) {
      case 'hello':
        send({ type: 'welcome', payload: { connectionId: 'c1', ...this.welcome } })
        return
      case 'subscribe': {
        const refused = this.#apply(subscribed, message)
        const { channels, since } = asFields(payload)
        const positions = resumed(since)
        const names = [...asStrings(channels), ...positions.keys()].filter(
          (name) => !(name in refused),
        )
        const missed: Fields[] = []
        const at = Object.fromEntries(
          names.map((name) => {
            const history = this.#history(name)
            const [epoch, offset] = positions.get(name) ?? [this.epoch, history.length]
            // A client of another epoch begins before the first event of the present one.
            const isOld = epoch !== this.epoch
            missed.push(...history.slice(isOld ? 0 : offset))
            return [name, [this.epoch, isOld ? 0 : history.length]]
          }),
        )
        send({ type: 'subscribed', requestId, payload: { at, refused } })
        missed.forEach(send)
        return
      }
      case 'unsubscribe':
        this.#apply(subscribed, message)
        send({ type: 'unsubscribed', requestId })
        return
      case 'ping':
        send({
          type: 'pong',
          payload: {
            timestamp: message.timestamp,
            serverTime: this.#options.clock.wall() + this.clockOffsetMs,
            offsets: this.offsets,
          },
        })
        return
      default:
        this.#reply(type, requestId, payload, message, send)
    }
  }

  #reply(
    type: string,
    requestId: unknown,
    payload: unknown,
    message: Fields,
    send: (answer: unknown) => void,
  ): void {
    if (typeof requestId !== 'string') return
    try {
      const result = this.#options.answer?.(type, payload, message)
      if (result !== undefined) send({ type: 'reply', requestId, payload: result })
    } catch (error) {
      const code = error instanceof Error ? error.message : 'internal'
      send({ type: 'error', requestId, payload: { code, message: code } })
    }
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'ScriptedServer'
  }
}

/** Options of a {@link ScriptedServer}. */
export interface ScriptedServerOptions {
  readonly clock: Clock
  /**
   * Delay of every message and connection in one direction, in milliseconds.
   * @default 0
   */
  readonly latencyMs?: number
  /** Refuses a channel by returning an error code. */
  readonly refuse?: (channel: string) => string | undefined
  /**
   * Answers a request; returning `undefined` sends no reply. Throwing refuses, with the error
   * message as code.
   */
  readonly answer?: (type: string, payload: unknown, message: Fields) => unknown
}

/** Returns the positions of a `since`, by channel. */
function resumed(since: unknown): ReadonlyMap<string, readonly [epoch: string, offset: number]> {
  const positions = new Map<string, readonly [string, number]>()
  for (const [epoch, list] of Array.isArray(since) ? since : []) {
    for (let n = 0; n + 1 < list.length; n += 2) positions.set(list[n], [epoch, list[n + 1]])
  }
  return positions
}
