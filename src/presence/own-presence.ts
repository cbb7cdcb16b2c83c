import { backoffDefaults, backoffDelay } from '../base/backoff.ts'
import type { Cancel } from '../base/clock.ts'
import type { Refusal, WirefoldError } from '../base/errors.ts'
import { refusalError } from '../base/errors.ts'
import { randomId } from '../base/ids.ts'
import type { ClientPort, ControlReply, OnControlReply } from '../ports/client-port.ts'
import type { PresenceIntent } from '../protocol/intent.ts'

/** Hears that something has come about, or why not. */
export type Settled = (error: WirefoldError | undefined) => void

type Asked = 'join' | 'update' | 'leave'

/** What a stay needs around it. */
export interface OwnPresenceDeps {
  readonly port: ClientPort
  readonly throttleMs: number
  /** Nobody wants it any more, and the server does not have us. */
  readonly over: () => void
}

/**
 * Our being at one resource: what is wanted of it, and what the server has. The difference is said at
 * the end of the turn, so that whatever cancels itself out until then costs nothing.
 */
export class OwnPresence {
  readonly resource: string
  readonly #deps: OwnPresenceDeps
  readonly #waiting = new Set<Settled>()
  #holders = 0
  #actual: 'out' | 'asking' | 'in' | 'leaving' = 'out'
  /** Why we are out; it stands until somebody wants it anew. */
  #refusal: WirefoldError | undefined
  #meta: unknown
  #saidMeta: unknown
  #updatedAt = Number.NEGATIVE_INFINITY
  #failures = 0
  /** Counts what was said: only the answer to the last counts. */
  #said = 0
  #due = false
  #cancelWait: Cancel | undefined

  constructor(resource: string, deps: OwnPresenceDeps) {
    this.resource = resource
    this.#deps = deps
  }

  /** One more wants it. */
  hold(): void {
    this.#holders++
  }

  /** One less wants it. */
  release(settled: Settled | undefined): void {
    this.#holders--
    if (settled) this.#waiting.delete(settled)
    this.#soon()
  }

  /** This is to be told of us; wanting it anew takes back a refusal. */
  want(meta: unknown): void {
    this.#meta = meta
    this.#refusal = undefined
    this.#soon()
  }

  /** Has `settled` called once it has come about, or is refused: at once where it has, or is. */
  await(settled: Settled): void {
    if (this.#actual === 'in' || this.#refusal) settled(this.#refusal)
    else this.#waiting.add(settled)
  }

  /** Says what is due. */
  flush(): void {
    const actual = this.#actual
    if (!this.#holders) {
      if (actual === 'out') this.#deps.over()
      else if (actual !== 'leaving') this.#ask('leave')
    } else if (this.#refusal) return
    else if (actual === 'out' || actual === 'leaving') this.#ask('join')
    else if (actual === 'in' && !Object.is(this.#meta, this.#saidMeta)) this.#update()
  }

  /** The line is gone, and with it whatever the server has of us. */
  cut(): void {
    this.#out()
    if (!this.#holders) this.#deps.over()
  }

  /** Tells everybody who waits; false where that is nobody. */
  settle(error: WirefoldError | undefined): boolean {
    const waiting = [...this.#waiting]
    this.#waiting.clear()
    for (const settled of waiting) settled(error)
    return waiting.length > 0
  }

  /** Tells the backend that we are still there. */
  beat(): void {
    if (this.#actual === 'in') this.#say('heartbeat')
  }

  #soon(): void {
    if (this.#due) return
    this.#due = true
    queueMicrotask(() => {
      this.#due = false
      this.flush()
    })
  }

  #update(): void {
    const { port, throttleMs } = this.#deps
    const waitMs = this.#updatedAt + throttleMs - port.clock.now()
    if (waitMs > 0) {
      this.#after(waitMs)
      return
    }
    this.#updatedAt = port.clock.now()
    this.#ask('update')
  }

  #ask(action: Asked): void {
    const said = ++this.#said
    const meta = action === 'leave' ? undefined : this.#meta
    this.#cancelWait?.()
    this.#saidMeta = meta
    if (action !== 'update') this.#actual = action === 'join' ? 'asking' : 'leaving'
    const online = this.#say(action, meta, (answer) => {
      if (said === this.#said) this.#answered(action, answer)
    })
    // It is said when there is a line again.
    if (!online) this.cut()
  }

  #say(action: PresenceIntent['action'], meta?: unknown, answered?: OnControlReply): boolean {
    const { resource } = this
    const { port } = this.#deps
    const timestamp = port.clock.wall()
    const requestId = randomId()
    return port.say({ kind: 'presence', timestamp, requestId, action, resource, meta }, answered)
  }

  #answered(action: Asked, answer: ControlReply | undefined): void {
    const leaving = action === 'leave'
    if (answer?.kind === 'refusal' && !leaving) {
      this.#refused(action, answer.error)
      return
    }
    // Where no answer came we assume what is not wanted, so that it is said again.
    this.#actual = leaving === (answer !== undefined) ? 'out' : 'in'
    if (answer && !leaving) {
      this.#failures = 0
      this.settle(undefined)
    }
    this.#soon()
  }

  #refused(action: Asked, refusal: Refusal): void {
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

  /** The server does not have us; what it may still answer does not count. */
  #out(): void {
    this.#actual = 'out'
    this.#said++
    this.#cancelWait?.()
  }

  #after(ms: number): void {
    this.#cancelWait?.()
    this.#cancelWait = this.#deps.port.clock.after(ms, () => this.flush())
  }
}
