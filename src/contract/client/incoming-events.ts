import { isPromise } from '../../base/deferred.ts'
import type { CheckedClient } from '../../ports/contract-port.ts'
import type { ContractRules, Verdict } from '../../ports/contract-rules.ts'
import { channelName, presenceResource } from '../../protocol/channel-name.ts'
import type { EventFrame, Frame } from '../../protocol/frame.ts'
import { checkMetas } from './check-metas.ts'
import type { Counts } from './quarantine.ts'
import { Quarantine } from './quarantine.ts'
import { within } from './within.ts'

/** Maximum number of frames of one channel that wait for an asynchronous schema. */
const MOST_WAITING = 256

/**
 * Checks the events of a client before its channels get them, once for all their handlers, and in
 * order: behind an event whose schema has not decided yet, all that concerns its channel waits.
 */
export class IncomingEvents {
  readonly #rules: ContractRules
  readonly #client: CheckedClient
  readonly #counts: Counts
  /** Whether payloads are checked; otherwise only the types of events are. */
  readonly #validates: boolean
  readonly #quarantine: Quarantine
  /** The frames that wait, by channel, in the order in which they arrived. */
  readonly #waiting = new Map<string, Waiting[]>()
  /** The checked frame that is being passed on. */
  #passed: Frame | undefined

  constructor(rules: ContractRules, client: CheckedClient, counts: Counts, validates: boolean) {
    this.#rules = rules
    this.#client = client
    this.#counts = counts
    this.#validates = validates
    this.#quarantine = new Quarantine(client, counts, (event) => this.#pass(event))
  }

  /** Handles a frame; returns false if it goes on to the channels as it is. */
  receive(frame: Frame): boolean {
    if (frame === this.#passed) return false
    if (frame.kind === 'event') return this.#event(frame)
    if (frame.kind === 'pong') return this.#pong(frame)
    const waiting = 'channel' in frame && this.#waiting.get(frame.channel ?? '')
    if (waiting) waiting.push({ frame, verdict: undefined })
    return Boolean(waiting)
  }

  /** Drops what waits: another user is signed in now. */
  drop(): void {
    this.#waiting.clear()
  }

  /** Ends the timers, and drops what waits: the client has ended. */
  end(): void {
    this.#waiting.clear()
    this.#quarantine.end()
  }

  /** Drops what waits for a channel that is subscribed to anew. */
  restart(channel: string): void {
    this.#waiting.delete(channel)
  }

  #event(event: EventFrame): boolean {
    const key = event.via ?? event.channel
    const queue = this.#waiting.get(key)
    const verdict = this.#check(event)
    if (!queue && !isPromise(verdict)) {
      const checked = this.#decided(event, verdict)
      if (checked === event) return false
      this.#pass(checked)
      return true
    }
    const entry: Waiting = { frame: event, verdict: isPromise(verdict) ? undefined : verdict }
    const entries = queue ?? []
    entries.push(entry)
    this.#waiting.set(key, entries)
    if (isPromise(verdict)) {
      entry.pending = true
      void within(this.#client.clock, verdict).then((decided) => {
        entry.pending = false
        entry.verdict = decided
        if (this.#waiting.get(key) === entries) this.#drain(key, entries)
      })
    }
    if (entries.length > MOST_WAITING) this.#overflow(key, entries)
    return true
  }

  #check(event: EventFrame): Verdict | PromiseLike<Verdict> {
    const { type, payload } = event
    // Parameters that identify a channel are part of its name in frames.
    const channel = channelName(event.channel)
    const resource = presenceResource(channel)
    if (resource !== undefined) {
      return this.#validates ? checkMetas(this.#rules, resource, payload) : { value: payload }
    }
    if (!this.#rules.listsType(channel, type)) return { value: payload, unlisted: true }
    return this.#validates ? this.#rules.checkEvent(channel, type, payload) : { value: payload }
  }

  /** Returns the event that the channels get. */
  #decided(event: EventFrame, verdict: Verdict): EventFrame {
    if (verdict.issues) return this.#quarantine.add(event, verdict)
    if (verdict.unlisted) {
      this.#counts.unlisted++
      return { ...event, withheld: '' }
    }
    return verdict.value === event.payload ? event : { ...event, payload: verdict.value }
  }

  /** Passes on the frames at the start of a queue that are decided. */
  #drain(key: string, entries: Waiting[]): void {
    for (;;) {
      const [first] = entries
      if (!first || first.pending) break
      entries.shift()
      const { frame, verdict } = first
      this.#pass(frame.kind === 'event' && verdict ? this.#decided(frame, verdict) : frame)
      // A handler may have left the channel or closed the client.
      if (this.#waiting.get(key) !== entries) return
    }
    if (entries.length === 0) this.#waiting.delete(key)
  }

  /** Passes all that waits for a channel on, its events as a gap. */
  #overflow(key: string, entries: readonly Waiting[]): void {
    this.#waiting.delete(key)
    let withheld: EventFrame['withheld'] = 'overflow'
    for (const { frame } of entries) {
      this.#pass(frame.kind === 'event' ? { ...frame, withheld } : frame)
      if (frame.kind === 'event') withheld = ''
    }
  }

  /** Leaves the channels out of which events wait: their positions are behind by these. */
  #pong(frame: Frame & { kind: 'pong' }): boolean {
    if (this.#waiting.size === 0 || !frame.offsets) return false
    const offsets = new Map([...frame.offsets].filter(([name]) => !this.#waiting.has(name)))
    this.#pass({ ...frame, offsets })
    return true
  }

  #pass(frame: Frame): void {
    this.#passed = frame
    this.#client.frame(frame)
  }
}

/** A frame that waits. */
interface Waiting {
  readonly frame: Frame
  /** The verdict on an event. */
  verdict: Verdict | undefined
  /** Whether the schema has not decided yet. */
  pending?: boolean
}
