import { backoffDefaults, backoffDelay } from '../base/backoff.ts'
import type { Cancel } from '../base/clock.ts'
import type { Deferred } from '../base/deferred.ts'
import { deferred } from '../base/deferred.ts'
import type { Disposer } from '../base/disposable.ts'
import { disposable } from '../base/disposable.ts'
import type { Refusal, WirefoldError } from '../base/errors.ts'
import { refusalError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import { released } from '../channels/subscription-handle.ts'
import type { ClientPort, ControlReply, OnControlReply } from '../ports/client-port.ts'
import { presenceChannel } from '../protocol/channel-name.ts'
import type { PresenceIntent } from '../protocol/intent.ts'

/**
 * The client's own presence at one resource: desired state on one side, confirmed state on the other.
 * Differences are sent in a microtask, so that changes which cancel each other cost nothing.
 */
export class OwnPresence {
  readonly resource: string
  readonly #deps: OwnPresenceDeps
  readonly #waiting = new Set<Deferred>()
  #holders = 0
  #actual: 'out' | 'asking' | 'in' | 'leaving' = 'out'
  /** The refusal that keeps the client out; it stands until a caller wants to be present again. */
  #refusal: WirefoldError | undefined
  #meta: unknown
  #sentMeta: unknown
  #updatedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  /** Number of messages sent: only the reply to the last one counts. */
  #sentCount = 0
  #due = false
  #cancelWait: Cancel | undefined

  constructor(resource: string, deps: OwnPresenceDeps) {
    this.resource = resource
    this.#deps = deps
  }

  /** Holds the client's presence until the handle is called or the signal fires. */
  handle(signal: AbortSignal | undefined): PresenceHandle {
    const { resource } = this
    let live = true
    /** The last `ready`. */
    let last: Deferred | undefined
    const release = (): void => {
      if (!live) return
      live = false
      this.#holders--
      if (last) this.#waiting.delete(last)
      this.#scheduleFlush()
      last?.settle(left(resource))
    }
    const ready = (): Promise<void> => {
      if (last && this.#waiting.has(last)) return last.promise
      last = deferred()
      if (!live) last.settle(left(resource))
      else if (this.#actual === 'in' || this.#refusal) last.settle(this.#refusal)
      else this.#waiting.add(last)
      return last.promise
    }
    this.#holders++
    const members = {
      resource,
      get ready() {
        return ready()
      },
      update: (meta: unknown) => {
        if (live) this.want(meta)
      },
    }
    return disposable(release, members, signal)
  }

  /** Sets the client's desired meta; this also takes back a refusal. */
  want(meta: unknown): void {
    this.#meta = meta
    this.#refusal = undefined
    this.#scheduleFlush()
  }

  /** Sends the difference between the desired and the confirmed state. */
  flush(): void {
    const actual = this.#actual
    if (!this.#holders) {
      if (actual === 'out') this.#deps.all.delete(this.resource)
      else if (actual !== 'leaving') this.#send('leave')
    } else if (this.#refusal) return
    else if (actual === 'out' || actual === 'leaving') this.#send('join')
    else if (actual === 'in' && !Object.is(this.#meta, this.#sentMeta)) this.#update()
  }

  /** Resets the confirmed state: the server drops the client's presence with the connection. */
  disconnected(): void {
    this.#out()
    if (!this.#holders) this.#deps.all.delete(this.resource)
  }

  /** Settles each `ready` that is pending; returns false where there is none. */
  settle(error: WirefoldError | undefined): boolean {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const ready of waiting) ready.settle(error)
    return waiting.length > 0
  }

  /** Sends a heartbeat, for backends that need one to keep the client's presence. */
  heartbeat(): void {
    if (this.#actual === 'in') this.#sendIntent('heartbeat')
  }

  #scheduleFlush(): void {
    if (this.#due) return
    this.#due = true
    queueMicrotask(() => {
      this.#due = false
      this.flush()
    })
  }

  #update(): void {
    const { port, throttleMs } = this.#deps
    const now = port.clock.now()
    const waitMs = this.#updatedAt + throttleMs - now
    if (waitMs > 0) this.#after(waitMs)
    else {
      this.#updatedAt = now
      this.#send('update')
    }
  }

  #send(action: SentAction): void {
    const count = ++this.#sentCount
    const meta = action === 'leave' ? undefined : this.#meta
    this.#cancelWait?.()
    this.#sentMeta = meta
    if (action !== 'update') this.#actual = action === 'join' ? 'asking' : 'leaving'
    const online = this.#sendIntent(action, meta, (answer) => {
      if (count === this.#sentCount) this.#answered(action, answer)
    })
    // `flush()` sends it again when the next connection opens.
    if (!online) this.disconnected()
  }

  #sendIntent(
    action: PresenceIntent['action'],
    meta?: unknown,
    answered?: OnControlReply,
  ): boolean {
    const { resource } = this
    const { port } = this.#deps
    const timestamp = port.clock.wall()
    const requestId = randomId()
    return port.say({ kind: 'presence', timestamp, requestId, action, resource, meta }, answered)
  }

  #answered(action: SentAction, answer: ControlReply | undefined): void {
    // Without a reply, assume the state that is not desired, so that it is requested again.
    if (action === 'leave') this.#actual = answer ? 'out' : 'in'
    else if (answer?.kind === 'refusal') {
      this.#refused(action, answer.error)
      return
    } else if (answer) {
      this.#actual = 'in'
      this.#failures = 0
      this.settle(undefined)
    } else this.#actual = 'out'
    this.#scheduleFlush()
  }

  #refused(action: SentAction, refusal: Refusal): void {
    const { port } = this.#deps
    const error = refusalError(`presence in ${this.resource}`, refusal)
    if (refusal.retryable || refusal.code === 'not-present') {
      this.#out()
      const delay = backoffDelay(this.#failures++, backoffDefaults, port.random())
      this.#after(refusal.retryAfterMs ?? delay)
    } else if (action === 'update') port.report(error)
    else {
      this.#out()
      this.#refusal = error
      if (!this.settle(error)) port.report(error)
    }
  }

  /** Resets the confirmed state; replies that are still due are ignored. */
  #out(): void {
    this.#actual = 'out'
    this.#sentCount++
    this.#cancelWait?.()
  }

  #after(ms: number): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#deps.port.clock.after(ms, () => this.flush())
  }
}

/** The client's own presence at a resource; call it to leave. */
export interface PresenceHandle<Meta = unknown> extends Disposer {
  /** Resource at which the user is present. */
  readonly resource: string
  /**
   * Resolves once the server has confirmed the presence; rejects where it is refused, not supported
   * or released before, or the client ends. An unused `ready` causes no unhandled rejection.
   */
  readonly ready: Promise<void>
  /**
   * Replaces our meta, throttled by `throttleMs`. All handles of a resource share one meta: the
   * last call counts.
   */
  update(meta: Meta): void
}

/** Dependencies of {@link OwnPresence}. */
export interface OwnPresenceDeps {
  readonly port: ClientPort
  readonly throttleMs: number
  /**
   * All own presences by resource. One without handles removes itself when the server does not have
   * it.
   */
  readonly all: Map<string, OwnPresence>
}

type SentAction = 'join' | 'update' | 'leave'

function left(resource: string): WirefoldError {
  return released(presenceChannel(resource), `presence in ${resource}`)
}
