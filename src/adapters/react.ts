import type { Context } from 'react'
import {
  useCallback,
  useContext,
  useEffect,
  useMemo,
  useRef,
  useState,
  useSyncExternalStore,
} from 'react'
import type { Readable } from '../base/store.ts'
import type { EventFrame } from '../protocol/frame.ts'
import { hasSameMembers } from './binding/same-members.ts'

/**
 * Returns the value of a store, and renders again at each change.
 *
 * Safe under concurrent rendering: all parts of one render show the same value. Rendering follows
 * nothing: a server shows the current value, and a page that is hydrated first the value with which
 * the store was made, then the current one. Make the store with the value that the server rendered.
 */
export function useReadable<T>(store: Readable<T>): T
/**
 * Returns the selection of `selector` from the value of a store, and renders again only when that
 * changes.
 *
 * The selector may be written inline, and may return a new object or array every time.
 *
 * @param isEqual whether a selection has not changed; the previous one is then kept.
 *   By default the same value (`Object.is`), or arrays or plain objects of the same members.
 * @example
 * import { useReadable } from 'wirefold/react'
 *
 * const status = useReadable(contexts.entity('Order', '17'), (order) => order?.status)
 */
export function useReadable<T, S>(
  store: Readable<T>,
  selector: (value: T) => S,
  isEqual?: IsEqual<S>,
): S
export function useReadable<T, S>(
  store: Readable<T>,
  selector?: (value: T) => S,
  isEqual: IsEqual<T | S> = hasSameMembers,
): T | S {
  const shown = useRef<{ readonly selected: T | S } | undefined>(undefined)
  const listen = useCallback((changed: () => void) => store.listen(changed), [store])
  const select = useMemo((): ((value: T) => T | S) => {
    if (!selector) return (value) => value
    let latest: { readonly value: T; readonly selected: T | S } | undefined
    return (value) => {
      if (latest && Object.is(latest.value, value)) return latest.selected
      const before = latest ?? shown.current
      const selected = selector(value)
      const kept = before && isEqual(before.selected, selected) ? before.selected : selected
      latest = { value, selected: kept }
      return kept
    }
  }, [selector, isEqual])
  const now = (): T | S => select(store.get())
  // Called on a server, which has no document, and by a page that is hydrated.
  const rendered = (): T | S =>
    store.initial && 'document' in globalThis ? select(store.initial()) : now()
  const current = useSyncExternalStore(listen, now, rendered)
  // Only a committed selection is remembered: React may discard a render.
  useEffect(() => {
    if (selector) shown.current = { selected: current }
  }, [selector, current])
  return current
}

/** Returns whether two selections count as the same. */
export type IsEqual<S> = (before: S, after: S) => boolean

/**
 * Calls `handler` at every event of a channel while the component is mounted.
 *
 * The handler may be written inline: the newest one is called, and a new one does not resubscribe.
 */
export function useSubscription<Payload = unknown>(
  source: ChannelSource,
  channel: string,
  handler: (payload: Payload, event: EventFrame<string, Payload>) => void,
): void {
  const newest = useRef(handler)
  useEffect(() => {
    newest.current = handler
  }, [handler])
  useEffect(
    () =>
      source.subscribe(channel, (payload, event) =>
        // The handler declares the type that it expects; it is not checked.
        newest.current(payload as Payload, event as EventFrame<string, Payload>),
      ),
    [source, channel],
  )
}

/** The part of a channel subscriber that {@link useSubscription} needs. */
export interface ChannelSource {
  /** Calls `handler` at every event of `channel` until the returned function is called. */
  subscribe(channel: string, handler: (payload: unknown, event: EventFrame) => void): () => void
}

/**
 * Returns an object that lives as long as the component, for example a client and its parts.
 *
 * The object survives when React unmounts and remounts a component to check or refresh it. A
 * component that was hidden by `<Activity>` gets a new object when it is shown again.
 *
 * @param create creates it; must not start anything, since React may call it for a component that
 *   it never shows. A new client starts nothing before its first use.
 * @param release releases it, once the component is gone
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { useOwned } from 'wirefold/react'
 *
 * const client = useOwned(() => new RealtimeClient(url), (client) => client.close())
 */
export function useOwned<T>(create: () => T, release: (owned: T) => void): T {
  const calls = useRef({ create, release })
  const [owned, renew] = useState(() => new Owned(create()))
  useEffect(() => {
    calls.current = { create, release }
  }, [create, release])
  useEffect(() => {
    if (owned.released) renew(new Owned(calls.current.create()))
    else return owned.hold((value) => calls.current.release(value))
  }, [owned])
  return owned.value
}

class Owned<T> {
  readonly value: T
  released = false
  #holders = 0

  constructor(value: T) {
    this.value = value
  }

  hold(release: (value: T) => void): () => void {
    this.#holders++
    return () => {
      this.#holders--
      // Later: a component that React only remounts is mounted again before this microtask.
      queueMicrotask(() => {
        if (this.#holders > 0 || this.released) return
        this.released = true
        release(this.value)
      })
    }
  }
}

/**
 * Returns the value of a context that needs a provider.
 *
 * @throws an `Error` with the context's `displayName` if no provider is above
 * @example
 * import { createContext } from 'react'
 * import { type RealtimeClient, useProvided } from 'wirefold/react'
 *
 * const ClientContext = createContext<RealtimeClient | undefined>(undefined)
 * const client = useProvided(ClientContext)   // below <ClientContext value={client}>
 */
export function useProvided<T>(context: Context<T | undefined>): T {
  const value = useContext(context)
  if (value !== undefined) return value
  const name = context.displayName ?? 'context'
  throw new Error(`Nothing provides the ${name} here: render its provider above this component.`)
}
