import type { Cancel, Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { ChannelPosition } from '../protocol/frame.ts'
import { idOf } from './entity-change.ts'
import type { Layer, Layered, Mutation, OwnRows } from './layers.ts'
import { confirm, drop, move, propose, release, ripe, shown } from './layers.ts'
import type { OverlayBase } from './overlay-base.ts'
import type { KeyOf } from './row-mutations.ts'
import type { StateSource } from './state-source.ts'
import { waitForPosition } from './wait-for-position.ts'

/** The mutations on one state. The rules are in `layers.ts`. */
export class Overlay<T> {
  readonly #overlayBase: OverlayBase<T>
  readonly #deps: OverlayDeps
  /** The mutation for which a row is hidden, and its timer; never more than one. */
  #hold: { readonly id: string; readonly cancel: Cancel } | undefined
  #layered: Layered<T>

  constructor(overlayBase: OverlayBase<T>, base: T, deps: OverlayDeps) {
    this.#overlayBase = overlayBase
    this.#deps = deps
    this.#layered = { base, position: overlayBase.source?.position, layers: [] }
    overlayBase.follow((step) => this.#become(move(this.#now(), step, this.#own())))
  }

  /** The store of the shown state, where it is not the state's own. */
  get view(): Readable<T> | undefined {
    return this.#overlayBase.view
  }

  /** The channel that moves the state, if it is a single one. */
  get channel(): string | undefined {
    return this.#overlayBase.source?.channel
  }

  /** Returns the key of a row. */
  get keyOf(): KeyOf {
    return this.#overlayBase.source?.key ?? idOf
  }

  /** The channel that moves the state, if it is a single one. */
  get source(): StateSource<T> | undefined {
    return this.#overlayBase.source
  }

  /** The confirmed state. */
  get base(): T {
    return this.#now().base
  }

  /** Adds a mutation; `restored` for one of an earlier page. */
  propose(id: string, mutation: Mutation<T>, restored: boolean): void {
    this.#become(propose(this.#now(), id, mutation, restored))
  }

  /** Removes a mutation. */
  drop(id: string): void {
    this.#become(drop(this.#now(), id))
  }

  /**
   * Replaces a mutation by its answered form.
   *
   * @param apply the change that the reply has confirmed
   * @param at positions of the events that it caused
   */
  confirm(id: string, apply: (state: T) => T, at: readonly ChannelPosition[]): void {
    const { source, own } = this.#overlayBase
    const { channels } = this.#deps
    // Events arrive in order, so the last one completes the mutation.
    const last = at.filter(({ channel }) => channel === source?.channel).at(-1)
    const followed =
      source || own || !channels ? [] : at.filter(({ channel }) => channels.follows(channel))
    const until = followed.length > 0 ? 'dropped' : last
    this.#become(confirm(this.#now(), id, apply, until))
    let left = followed.length
    for (const event of followed) {
      if (channels) waitForPosition(channels, event, () => --left || this.drop(id))
    }
  }

  #own(): OwnRows {
    return { userId: this.#deps.userId(), key: this.keyOf }
  }

  #now(): Layered<T> {
    return { ...this.#layered, base: this.#overlayBase.look(this.#layered.base) }
  }

  #become(next: Layered<T>): void {
    this.#layered = next
    const leaving = ripe(next)
    if (leaving.length > 0) this.#keep(leaving)
    this.#updateHold()
    this.#show()
  }

  /** Makes confirmed results part of the base, where the source of the state does not. */
  #keep(leaving: readonly Layer<T>[]): void {
    const { source, own } = this.#overlayBase
    const { base, layers, position } = this.#layered
    const kept = (before: T): T => this.#shown({ base: before, layers: leaving, position })
    const staying = layers.filter((layer) => !leaving.includes(layer))
    this.#layered = { base: own ? kept(base) : base, layers: staying, position }
    source?.confirm(kept)
  }

  #show(): void {
    const { base, layers } = this.#layered
    const { source } = this.#overlayBase
    if (layers.length === 0) this.#overlayBase.show(base)
    else {
      const view = this.#shown(this.#layered)
      this.#overlayBase.show(source ? source.arrange(view) : view)
    }
  }

  #shown(layered: Layered<T>): T {
    return shown(layered, (cause) => {
      const message =
        'The `apply` of a mutation threw. The other mutations are shown. See the cause.'
      const where = 'apply of a mutation'
      this.#deps.report(new WirefoldError('handler-failed', message, { where }, { cause }))
    })
  }

  /** Starts or ends the timer of a hidden row. */
  #updateHold(): void {
    const id = this.#layered.layers.find(({ hides }) => hides)?.id
    if (id === this.#hold?.id) return
    this.#hold?.cancel()
    const end = (): void => this.#become(release(this.#now(), id))
    this.#hold =
      id === undefined ? id : { id, cancel: this.#deps.clock.after(this.#deps.holdMs, end) }
  }
}

/** Dependencies of the overlays of one manager. */
export interface OverlayDeps {
  readonly clock: Clock
  readonly channels: ChannelSubscriber | undefined
  /** Time for which a new row that may be our own is hidden, in milliseconds. */
  readonly holdMs: number
  /** Returns our user id; `undefined` where nothing is to be hidden. */
  userId(): string | undefined
  /** Receives exceptions of application code. */
  report(error: unknown): void
}
