import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { createStore } from '../../base/store.ts'
import { native } from '../../dialects/native/client.ts'
import type { ClientExtension, ClientPort, OnControlReply } from '../../ports/client-port.ts'
import type { ConnectionState } from '../../ports/connection-state.ts'
import type { EventFrame, Frame, Position } from '../../protocol/frame.ts'
import { replyFrame, subscribedFrame } from '../../protocol/frame-constructors.ts'
import type { Intent, SubscribeIntent } from '../../protocol/intent.ts'
import { familiesOf } from './families.ts'

/** Dependencies of a mock port. */
export interface MockPortParts {
  readonly clock: Clock
  readonly refuse: ((channel: string) => string | undefined) | undefined
  readonly report: (error: unknown) => void
}

/** The port of a client that has no connection: it answers control messages itself. */
export class MockPort implements ClientPort {
  readonly dialect = native()
  readonly clock: Clock
  readonly state = createStore<ConnectionState>(OPEN)
  readonly report: (error: unknown) => void
  /** All control messages so far. */
  readonly said: Intent[] = []
  /** Channels that are subscribed to. */
  readonly subscribed = new Set<string>()
  readonly #refuse: MockPortParts['refuse']
  readonly #extensions: ClientExtension[] = []
  readonly #events = new Map<string, EventFrame[]>()
  #epoch = 1

  constructor({ clock, refuse, report }: MockPortParts) {
    this.clock = clock
    this.report = report
    this.#refuse = refuse
  }

  random(): number {
    return 0.5
  }

  join(extension: ClientExtension): () => void {
    this.#extensions.push(extension)
    this.#extensions.sort((one, other) => one.order - other.order)
    if (this.#isUp) extension.opening()
    return () => {
      const at = this.#extensions.indexOf(extension)
      if (at >= 0) this.#extensions.splice(at, 1)
    }
  }

  /** Does nothing: there is nothing to connect. */
  wake(): void {}

  say(intent: Intent, answered?: OnControlReply): boolean {
    if (!this.#isUp) return false
    this.said.push(intent)
    // As from a server: later, unless the connection is lost before.
    const { state } = this
    const at = state.get()
    queueMicrotask(() => {
      if (state.get() === at) this.#answer(intent, answered)
    })
    return true
  }

  /** Delivers a frame to the extensions, in their order. */
  receive(frame: Frame): void {
    if (!this.#isUp) return
    for (const extension of this.#extensions) if (extension.receive(frame)) return
  }

  /** Adds an event to its channel and the families of the channel, and delivers it there. */
  publish(event: EventFrame): void {
    for (const place of [event.channel, ...familiesOf(event.channel)]) {
      const events = this.#of(place)
      const via = place === event.channel ? undefined : place
      const numbered = { ...event, via, offset: events.length + 1 }
      events.push(numbered)
      this.receive(numbered)
    }
  }

  /** Loses the connection. */
  lose(): void {
    if (!this.#isUp) return
    this.subscribed.clear()
    const retryAt = this.clock.now() + 1_000
    const reason = { code: 1006, reason: '' }
    this.state.set({ name: 'waiting', attempt: 1, denied: false, retryAt, reason })
    for (const extension of this.#extensions) extension.disconnected()
  }

  /** Connects again. */
  restore(): void {
    if (this.#isUp) return
    this.state.set({ ...OPEN, since: this.clock.now() })
    for (const extension of this.#extensions) extension.opening()
  }

  /** Drops all events, so that channels cannot resume at their position. */
  forget(): void {
    this.#epoch++
    this.#events.clear()
  }

  get #isUp(): boolean {
    return this.state.get().name === 'open'
  }

  #answer(intent: Intent, answered: OnControlReply | undefined): void {
    if (intent.kind === 'subscribe') this.#subscribe(intent, answered)
    else if (intent.kind === 'unsubscribe') {
      for (const channel of intent.channels) this.subscribed.delete(channel)
      answered?.(replyFrame([intent.requestId], undefined), undefined)
    } else if (intent.kind === 'presence') {
      const code = this.#refuse?.(`presence:${intent.resource}`)
      const to = [intent.requestId]
      if (code === undefined) answered?.(replyFrame(to, undefined), undefined)
      else answered?.({ kind: 'refusal', to, error: refusalOf(code) }, undefined)
    }
  }

  #subscribe(
    { channels, since, requestId }: SubscribeIntent,
    answered: OnControlReply | undefined,
  ): void {
    const at = new Map<string, Position>()
    const refused = new Map<string, Refusal>()
    const missed: EventFrame[] = []
    for (const channel of channels) {
      const code = this.#refuse?.(channel)
      if (code !== undefined) {
        refused.set(channel, refusalOf(code))
        continue
      }
      this.subscribed.add(channel)
      const epoch = `mock ${this.#epoch}`
      const events = this.#of(channel)
      const from = since.get(channel)
      at.set(channel, { epoch, offset: events.length })
      if (from?.epoch === epoch) missed.push(...events.slice(from.offset))
    }
    answered?.(subscribedFrame([requestId], { at, refused }), undefined)
    for (const event of missed) this.receive(event)
  }

  #of(channel: string): EventFrame[] {
    const events = this.#events.get(channel) ?? []
    this.#events.set(channel, events)
    return events
  }
}

const OPEN = { name: 'open', since: 0, attempt: 0, denied: false } as const

function refusalOf(code: string): Refusal {
  return { code, message: code, retryable: false }
}
