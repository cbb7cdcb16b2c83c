import type { Cancel } from '../../base/clock.ts'
import type { Readable } from '../../base/store.ts'
import { followedStore } from '../../base/store.ts'
import { derived } from '../../optimistic/derived.ts'
import type { PresenceHandle } from '../../presence/own-presence.ts'
import type { PresenceUser } from '../../protocol/presence.ts'
import type { RealtimeParts } from './realtime-parts.ts'

/** The presence at a resource, as a page shows it. */
export interface PresenceBindingView {
  /** The meta that this page has entered with; `undefined` while it is not present, as after a refusal. */
  readonly me: unknown
  /** The other users. */
  readonly others: readonly PresenceUser[]
}

/** The presence at a resource that a component shows. */
export interface PresenceBinding {
  /** Watches the resource while it is followed; this page is present meanwhile if it has a meta. */
  readonly view: Readable<PresenceBindingView>
  /** Sets the meta, and makes this page present if it is not. */
  update(meta: unknown): void
  /**
   * As `update` where the meta is sent as other JSON than the one that was given last, at most ten times
   * a second; leaves where there is none any more.
   */
  give(meta: unknown): void
}

/**
 * Minimum time before another given meta is shown, in milliseconds. A component renders again with `me`,
 * and may make another meta in each render, such as one with the time.
 */
const GIVE_MS = 100

const ALONE: readonly PresenceUser[] = []

/**
 * Returns the presence at a resource.
 *
 * @param meta the meta to enter with; without it this page only watches until the first update
 */
export function presenceBinding(
  parts: RealtimeParts,
  resource: string,
  meta: unknown,
): PresenceBinding {
  const { clock, report } = parts.client.port
  let given = meta
  let wanted = meta
  let handle: PresenceHandle | undefined
  let isFollowed = false
  let enteredAt = Number.NEGATIVE_INFINITY
  let cancelEnter: Cancel | undefined

  function enter(): void {
    cancelEnter?.()
    if (!isFollowed || wanted === undefined) return
    enteredAt = clock.now()
    hold(handle ? 0 : 1)
    if (handle) handle.update(wanted)
    else handle = entered(wanted)
    const held = handle
    held?.ready.catch((error) => {
      if (handle === held) refused(error)
    })
  }

  /** Enters the resource; where the client refuses it itself, this page is not present. */
  function entered(first: unknown): PresenceHandle | undefined {
    try {
      return parts.presence.enter(resource, first)
    } catch (error) {
      refused(error)
      hold(-1)
      return undefined
    }
  }

  /** Shows that this page is not present; of several components, one reports the error. */
  function refused(error: unknown): void {
    const { meta: shown, holders = 0 } = metas.get().get(resource) ?? {}
    if (shown === undefined) return
    metas.set(new Map(metas.get()).set(resource, { meta: undefined, holders }))
    // The end of the client is no error of the presence.
    if (parts.client.state.get().name !== 'closed') report(error)
  }

  function leave(): void {
    if (!handle) return
    handle()
    handle = undefined
    hold(-1)
  }

  /** Shares the meta with the other components that are present at the resource. */
  function hold(added: number): void {
    const all = new Map(metas.get())
    const { meta: shared, holders = 0 } = all.get(resource) ?? {}
    const left = holders + added
    if (left > 0) all.set(resource, { meta: added < 0 ? shared : wanted, holders: left })
    else all.delete(resource)
    metas.set(all)
  }

  const { metas } = parts
  const users = followedStore(ALONE, report, () => {
    const { presence } = parts
    isFollowed = true
    const all = presence.of(resource)
    const off = all.subscribe((list) => users.set(list))
    enter()
    return () => {
      isFollowed = false
      cancelEnter?.()
      off()
      leave()
    }
  })
  const others = derived([users], (all) => {
    const { userId } = parts.client
    return userId === undefined ? all : all.filter(({ id }) => id !== userId)
  })
  return {
    view: derived([others, metas], (present, own): PresenceBindingView => {
      return { me: own.get(resource)?.meta, others: present }
    }),
    update(next) {
      wanted = next
      enter()
    },
    give(next) {
      if (isSentAlike(given, next)) return
      given = next
      wanted = next
      cancelEnter?.()
      const waitMs = enteredAt + GIVE_MS - clock.now()
      if (next === undefined) leave()
      else if (waitMs > 0) cancelEnter = clock.after(waitMs, enter)
      else enter()
    },
  }
}

/** Whether two metas are the same, or sent as the same JSON. */
function isSentAlike(before: unknown, after: unknown): boolean {
  if (Object.is(before, after)) return true
  try {
    return JSON.stringify(before) === JSON.stringify(after)
  } catch {
    return false
  }
}
