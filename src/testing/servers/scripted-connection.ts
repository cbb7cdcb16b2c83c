import type { Clock } from '../../base/clock.ts'
import { isPromise } from '../../base/deferred.ts'
import { messageOf, type Refusal } from '../../base/errors.ts'
import type { Command, SubscribeCommand } from '../../protocol/command.ts'
import { type Fields, isFields } from '../../protocol/fields.ts'
import type { Limits, Position, WelcomeFrame } from '../../protocol/frame.ts'
import { jsonCodec } from '../../protocol/json-codec.ts'
import { type ServerDialect, textsOf } from '../../protocol/server-dialect.ts'
import type { OutgoingEvent, ServerFrame } from '../../protocol/server-frame.ts'
import type { ServedSocket } from '../network/far-end.ts'
import type { ScriptedHistory } from './scripted-history.ts'

/** Largest frame that a scripted server announces, in bytes. */
const FRAME_BYTES = 1_048_576

/** One connection of a scripted server, in the words of its dialect. */
export class ScriptedConnection {
  readonly socket: ServedSocket
  /** Channels to which the client is subscribed. */
  readonly subscribed = new Set<string>()
  readonly #dialect: ServerDialect
  readonly #script: Script
  /** Whether the last join was accepted; a promise while `answer` decides. */
  #joined: boolean | PromiseLike<boolean> = true

  constructor(socket: ServedSocket, dialect: ServerDialect, script: Script) {
    this.socket = socket
    this.#dialect = dialect
    this.#script = script
  }

  /** Greets the client, where the server speaks first, and carries out the commands of the address. */
  open(): void {
    if (this.#script.silent) return
    this.say({ kind: 'opened', connectionId: 'c1', frameBytes: FRAME_BYTES })
    for (const command of this.#dialect.first ?? []) this.#carryOut(command, {})
  }

  /** Reads data of the client: the text of one or several messages. */
  read(data: string): void {
    let wire: unknown
    try {
      wire = (this.#dialect.codec ?? jsonCodec).decode(data)
    } catch (error) {
      this.#refuse(undefined, undefined, 'bad-frame', messageOf(error))
      return
    }
    for (const message of Array.isArray(wire) ? wire : [wire]) {
      const fields = isFields(message) ? message : {}
      if (isFields(message)) this.#script.received(message)
      for (const command of this.#dialect.decode(message)) this.#carryOut(command, fields)
    }
  }

  /** Sends a frame, if the dialect has it. */
  say(frame: ServerFrame): void {
    for (const text of textsOf(this.#dialect.encode(frame, this.#now()))) this.socket.send(text)
  }

  /**
   * Sends an event, if the client is subscribed to its channel or family. The dialect encodes it in any
   * case, so that one that cannot send it throws.
   */
  deliver(event: OutgoingEvent): void {
    const { channel: source, via: channel = source } = event
    // Dialects without positions have no families of their own: their clients match names themselves.
    if (event.via !== undefined && this.#dialect.recovery === false) return
    const encoder = this.#dialect.events?.(channel, source) ?? this.#dialect
    const text = encoder.encodeEvent(event)
    if (text !== undefined && this.subscribed.has(channel)) this.socket.send(text)
  }

  #now(): number {
    return this.#script.clock.wall() + this.#script.clockOffsetMs
  }

  #carryOut(command: Command, message: Fields): void {
    const { requestId } = 'requestId' in command ? command : { requestId: undefined }
    const to = requestId === undefined ? [] : [requestId]
    const { silent } = this.#script
    // A silent server still carries out what it does not answer.
    if (silent && command.kind !== 'subscribe' && command.kind !== 'unsubscribe') return
    switch (command.kind) {
      case 'hello':
        this.say(welcomeOf(this.#script.welcome))
        return
      case 'subscribe':
        if (!command.ofJoin || this.#joined === true) this.#subscribe(command, to)
        else if (isPromise(this.#joined)) {
          void this.#joined.then((joined) => joined && this.#subscribe(command, to))
        }
        return
      case 'unsubscribe':
        for (const channel of command.channels) this.subscribed.delete(channel)
        if (!silent) this.say({ kind: 'released', to, channels: command.channels })
        return
      case 'ping': {
        const { timestamp } = command
        const { offsets } = this.#script
        this.say({ kind: 'pong', timestamp, serverTime: this.#now(), offsets })
        return
      }
      case 'pong':
        return
      case 'malformed':
        this.#refuse(undefined, requestId, 'bad-frame', command.reason)
        return
      case 'publish': {
        const { type, payload } = command
        this.#answer('publish', requestId, { type, payload }, message)
        return
      }
      case 'presence': {
        const { action, meta } = command
        const accepted = this.#answer(`presence:${action}`, requestId, { meta }, message)
        if (action === 'join') this.#joined = accepted
        return
      }
      case 'auth':
        this.#answer('auth', requestId, { token: command.token }, message)
        return
      case 'request':
        this.#answer(command.type, requestId, command.payload, message, command.ordered)
    }
  }

  #subscribe({ channels, since }: SubscribeCommand, to: readonly string[]): void {
    const { history, refuse } = this.#script
    const refused = new Map<string, Refusal>()
    const at = new Map<string, Position>()
    const missed: OutgoingEvent[] = []
    for (const channel of channels) {
      const code = refuse?.(channel)
      if (code !== undefined) {
        refused.set(channel, { code, message: code, retryable: false })
        continue
      }
      this.subscribed.add(channel)
      const tail = history.after(channel, since.get(channel))
      at.set(channel, tail.at)
      missed.push(...tail.missed)
    }
    if (this.#script.silent) return
    this.say({ kind: 'subscribed', to, channels, at, refused, gaps: [] })
    for (const event of missed) this.deliver(event)
  }

  /** Answers as the script says; returns false if it refuses. */
  #answer(
    type: string,
    requestId: string | undefined,
    payload: unknown,
    message: Fields,
    ordered = false,
  ): boolean | PromiseLike<boolean> {
    if (requestId === undefined && !ordered) return true
    const replied = (result: unknown): boolean => {
      const to = requestId === undefined ? [] : [requestId]
      if (result !== undefined && !this.#script.silent) {
        this.say({ kind: 'reply', to, type, payload: result, at: undefined })
      }
      return true
    }
    const refused = (error: unknown): boolean => {
      const code = error instanceof Error ? error.message : 'internal'
      if (!this.#script.silent) this.#refuse(type, requestId, code, code)
      return false
    }
    try {
      const result = this.#script.answer?.(type, payload, message)
      return isPromise(result) ? result.then(replied).then(undefined, refused) : replied(result)
    } catch (error) {
      return refused(error)
    }
  }

  #refuse(type: string | undefined, requestId: string | undefined, code: string, message: string) {
    const to = requestId === undefined ? [] : [requestId]
    this.say({ kind: 'refusal', to, type, error: { code, message, retryable: false } })
  }
}

/** What a connection reads of its server, which the test may change at any time. */
export interface Script {
  readonly clock: Clock
  readonly history: ScriptedHistory
  readonly silent: boolean
  readonly welcome: ScriptedWelcome
  readonly offsets: ReadonlyMap<string, Position> | undefined
  readonly clockOffsetMs: number
  readonly refuse: ((channel: string) => string | undefined) | undefined
  readonly answer: ((type: string, payload: unknown, message: Fields) => unknown) | undefined
  /** Called with every message of the client. */
  received(message: Fields): void
}

/** The welcome of a scripted server; all fields may be left out. */
export interface ScriptedWelcome extends Partial<Omit<WelcomeFrame, 'kind' | 'limits'>> {
  /** Limits that the server announces; others are not announced. */
  readonly limits?: Partial<Limits>
}

function welcomeOf({ limits, ...welcome }: ScriptedWelcome): WelcomeFrame {
  return {
    kind: 'welcome',
    connectionId: 'c1',
    userId: undefined,
    serverTime: undefined,
    heartbeatMs: undefined,
    tag: undefined,
    ...welcome,
    limits: {
      subscriptions: undefined,
      frameBytes: undefined,
      messagesPerSecond: undefined,
      dedupeMs: undefined,
      ...limits,
    },
  }
}
