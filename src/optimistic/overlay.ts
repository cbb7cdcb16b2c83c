import type { Cancel, Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import type { ChannelSubscriber } from '../channels/channel-subscriber.ts'
import type { ChannelPosition } from '../wire/frame.ts'
import type { Step } from './confirmed.ts'
import { idOf } from './entity-change.ts'
import type { Ground } from './ground.ts'
import type { Layered, Mutation } from './layers.ts'
import { confirm, drop, move, propose, release, ripe, shown } from './layers.ts'
import type { KeyOf } from './row-mutations.ts'
import { whenReached } from './when-reached.ts'

/** What overlays share. */
export interface OverlayPort {
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
  readonly #ground: Ground<T>
  readonly #port: OverlayPort
  /** What ends the wait of rows that are held back, by the mutation for whose sake they are. */
  readonly #holds = new Map<string, Cancel>()
  #layered: Layered<T>

  constructor(ground: Ground<T>, base: T, port: OverlayPort) {
    this.#ground = ground
    this.#port = port
    const { source } = ground
    this.#layered = { base, position: source?.position, layers: [] }
    source?.follow((step) => this.move(step))
  }

  /** What tells one row from others. */
  get keyOf(): KeyOf {
    return this.#ground.source?.key ?? idOf
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
    const { source } = this.#ground
    if (source) {
      // The last that it brought about is the last that has to be there.
      const place = at.filter(({ channel }) => channel === source.channel).at(-1)
      this.#become(confirm(this.#now(), id, apply, place))
      return
    }
    const { channels } = this.#port
    const followed = this.#ground.own ? [] : at.filter(({ channel }) => channels?.follows(channel))
    this.#become(confirm(this.#now(), id, apply, followed.length > 0 ? 'told' : undefined))
    let left = followed.length
    for (const place of followed) {
      if (channels) whenReached(channels, place, () => --left || this.drop(id))
    }
  }

  /** What is confirmed has moved. */
  move(step: Step<T>): void {
    this.#become(move(this.#now(), step, { userId: this.#port.userId(), key: this.keyOf }))
  }

  #now(): Layered<T> {
    return { ...this.#layered, base: this.#ground.look(this.#layered.base) }
  }

  #become(next: Layered<T>): void {
    const leaving = ripe(next)
    this.#layered =
      leaving.length > 0
        ? { ...next, layers: next.layers.filter((layer) => !leaving.includes(layer)) }
        : next
    if (leaving.length > 0) {
      const { source, own } = this.#ground
      const kept = (base: T): T => this.#shown({ ...next, base, layers: leaving })
      if (own) this.#layered = { ...this.#layered, base: kept(next.base) }
      else source?.confirm(kept)
    }
    this.#hold()
    this.#show()
  }

  #show(): void {
    const { base, layers } = this.#layered
    const { source } = this.#ground
    if (layers.length === 0) this.#ground.show(base)
    else {
      const view = this.#shown(this.#layered)
      this.#ground.show(source ? source.arrange(view) : view)
    }
  }

  #shown(layered: Layered<T>): T {
    return shown(layered, (cause) => {
      const message = 'A mutation could not be applied; the others are shown. See the cause.'
      const where = 'apply of a mutation'
      this.#port.report(new WirefoldError('handler-failed', message, { where }, { cause }))
    })
  }

  /** A row is held back for a while, or until it is not due any more. */
  #hold(): void {
    const { layers } = this.#layered
    for (const { id, hides } of layers) {
      if (!hides || this.#holds.has(id)) continue
      const end = (): void => this.#become(release(this.#now(), id))
      this.#holds.set(id, this.#port.clock.after(this.#port.holdMs, end))
    }
    for (const [id, cancel] of this.#holds) {
      if (layers.some((layer) => layer.id === id && layer.hides)) continue
      cancel()
      this.#holds.delete(id)
    }
  }
}
