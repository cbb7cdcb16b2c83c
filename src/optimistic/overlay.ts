import type { Cancel, Clock } from '../base/clock.ts'
import type { Unsubscribe } from '../base/emitter.ts'
import { handlerFailed } from '../base/errors.ts'
import type { Readable } from '../base/store.ts'
import type { Subscriber } from '../channels/subscriber.ts'
import type { ChannelPosition } from '../protocol/frame.ts'
import { isApplicationStore } from './application-store.ts'
import { idOf } from './entity-change.ts'
import type { Layered, Mutation } from './layers.ts'
import { confirm, drop, move, propose, release, ripe, shown } from './layers.ts'
import type { OptimisticClient } from './optimistic-options.ts'
import { confirmedBase, settableBase } from './overlay-base.ts'
import type { KeyOf } from './row-mutations.ts'
import type { OptimisticTarget, StateSource, StateStep } from './state-source.ts'
import { waitForPosition } from './wait-for-position.ts'

/** The mutations on one state. */
export interface Overlay<T> {
  /** The channel that moves the state, if it is a single one. */
  readonly source: StateSource<T> | undefined
  /** The store of the shown state, where it is not the state's own. */
  readonly view: Readable<T> | undefined
  /** The mutations of its channel that it shows or has shown. */
  readonly known: WeakSet<object>
  /** Returns the key of a row. */
  readonly keyOf: KeyOf
  /** Returns the confirmed state. */
  base(): T
  /** Adds a mutation; `restored` for one of an earlier page. */
  propose(id: string, mutation: Mutation<T>, restored: boolean): void
  /** Removes a mutation. */
  drop(id: string): void
  /**
   * Replaces a mutation by its answered form.
   *
   * @param change the change that the reply has confirmed
   * @param at positions of the events that it caused
   */
  confirm(id: string, change: (state: T) => T, at: readonly ChannelPosition[]): void
}

/**
 * Makes an overlay of a confirmed state. The rules are in `layers.ts`.
 *
 * @param followed called with the first follower of its view
 */
export function createOverlay<T>(
  target: OptimisticTarget<T>,
  { clock, client, requested, channels, holdMs, report }: OverlayDeps,
  followed: () => Unsubscribe | undefined,
): Overlay<T> {
  const { first, source, view, look, show } = isApplicationStore(target)
    ? settableBase(target)
    : confirmedBase(target, moved, report, followed)
  const keyOf = source?.key ?? idOf
  let layered: Layered<T> = { base: first, position: source?.position, layers: [] }
  /** The mutation for which a row is hidden, never more than one, and its timer. */
  let hiding: string | undefined
  let cancelHold: Cancel | undefined

  function now(): Layered<T> {
    return { ...layered, base: look(layered.base) }
  }

  function become(next: Layered<T>): void {
    layered = next
    keepRipe()
    updateHold()
    const state = apply(layered)
    show(source && layered.layers.length > 0 ? source.arrange(state) : state)
  }

  /** Makes confirmed results part of the base, where the source of the state does not. */
  function keepRipe(): void {
    const leaving = ripe(layered)
    if (leaving.length === 0) return
    const { base, layers, position } = layered
    const kept = (before: T): T => apply({ base: before, layers: leaving, position })
    const staying = layers.filter((layer) => !leaving.includes(layer))
    layered = { base: view ? base : kept(base), layers: staying, position }
    source?.confirm(kept)
  }

  function apply(state: Layered<T>): T {
    return shown(state, (cause) => report(handlerFailed('apply of a mutation', cause)))
  }

  /** Starts or ends the timer of a hidden row. */
  function updateHold(): void {
    const id = layered.layers.find(({ hides }) => hides)?.id
    if (id === hiding) return
    hiding = id
    cancelHold?.()
    if (id !== undefined) cancelHold = clock.after(holdMs, () => become(release(now(), id)))
  }

  function dropLayer(id: string): void {
    become(drop(now(), id))
  }

  function moved(step: StateStep<T>): void {
    const userId = holdMs > 0 ? client?.userId : undefined
    const tag = client?.eventTag ?? ''
    become(move(now(), step, { userId, tag, requested, key: keyOf }))
  }

  return {
    source,
    view,
    known: new WeakSet(),
    keyOf,
    base: () => now().base,
    propose: (id, mutation, restored) => become(propose(now(), id, mutation, restored)),
    drop: dropLayer,
    confirm(id, change, at) {
      // Events arrive in order, so the last one completes the mutation.
      const last = at.filter(({ channel }) => channel === source?.channel).at(-1)
      const followed =
        source || !view || !channels ? [] : at.filter(({ channel }) => channels.follows(channel))
      let left = followed.length
      become(confirm(now(), id, change, left > 0 ? 'dropped' : last))
      for (const event of followed) {
        if (channels) waitForPosition(channels, event, () => --left || dropLayer(id))
      }
    },
  }
}

/** Dependencies of the overlays of one manager. */
export interface OverlayDeps {
  readonly clock: Clock
  readonly client: OptimisticClient | undefined
  /** The ids of the pending mutations that were sent as requests of the client. */
  readonly requested: ReadonlySet<string>
  readonly channels: Subscriber | undefined
  /** Time for which a new row that may be the client's own is hidden, in milliseconds; 0 for never. */
  readonly holdMs: number
  /** Receives exceptions of application code. */
  report(error: unknown): void
}
