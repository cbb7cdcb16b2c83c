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
import { waitForPosition } from './wait-for-position.ts'

/** What overlays share. */
export interface OverlayDeps {
  readonly clock: Clock
  readonly channels: ChannelSubscriber | undefined
  /** How long a new row that may be one's own is held back, in milliseconds. */
  readonly holdMs: number
  /** Who we are to the backend, where anything is to be held back. */
  userId(): string | undefined
  /** Takes what code of the application threw. */
  report(error: unknown): void
}

/** The mutations on one state. What becomes of them is decided in `layers.ts`. */
export class Overlay<T> {
  readonly #overlayBase: OverlayBase<T>
  readonly #deps: OverlayDeps
  /** For whose sake a row is held back, and what ends that wait; there is never more than one. */
  #hold: { readonly id: string; readonly cancel: Cancel } | undefined
  #layered: Layered<T>

  constructor(overlayBase: OverlayBase<T>, base: T, deps: OverlayDeps) {
    this.#overlayBase = overlayBase
    this.#deps = deps
    this.#layered = { base, position: overlayBase.source?.position, layers: [] }
    overlayBase.follow((step) => this.#become(move(this.#now(), step, this.#own())))
  }

  /** What is shown, where that is a store of its own. */
  get view(): Readable<T> | undefined {
    return this.#overlayBase.view
  }

  /** What tells one row from others. */
  get keyOf(): KeyOf {
    return this.#overlayBase.source?.key ?? idOf
  }

  /** What is confirmed. */
  get base(): T {
    return this.#now().base
  }

  /** Shows a mutation. */
  propose(id: string, mutation: Mutation<T>): void {
    this.#become(propose(this.#now(), id, mutation))
  }

  /** Shows a mutation no more. */
  drop(id: string): void {
    this.#become(drop(this.#now(), id))
  }

  /**
   * A mutation was answered.
   *
   * @param apply what the reply has made of it
   * @param at where the events stand that it brought about
   */
  confirm(id: string, apply: (state: T) => T, at: readonly ChannelPosition[]): void {
    const { source, own } = this.#overlayBase
    const { channels } = this.#deps
    // The last that it brought about is the last that has to be there.
    const place = at.filter(({ channel }) => channel === source?.channel).at(-1)
    const followed =
      source || own || !channels ? [] : at.filter(({ channel }) => channels.follows(channel))
    const until = followed.length > 0 ? 'told' : place
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
    this.#holdBack()
    this.#show()
  }

  /** Makes what the replies have confirmed part of what is confirmed, where nobody else will. */
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
      const message = 'A mutation could not be applied; the others are shown. See the cause.'
      const where = 'apply of a mutation'
      this.#deps.report(new WirefoldError('handler-failed', message, { where }, { cause }))
    })
  }

  /** A row is held back for a while, or until it is not due any more. */
  #holdBack(): void {
    const id = this.#layered.layers.find(({ hides }) => hides)?.id
    if (id === this.#hold?.id) return
    this.#hold?.cancel()
    const end = (): void => this.#become(release(this.#now(), id))
    this.#hold =
      id === undefined ? id : { id, cancel: this.#deps.clock.after(this.#deps.holdMs, end) }
  }
}
