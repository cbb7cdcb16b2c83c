import type { App, InjectionKey, ShallowRef } from 'vue'
import {
  getCurrentInstance,
  getCurrentScope,
  hasInjectionContext,
  inject,
  onActivated,
  onDeactivated,
  onMounted,
  provide,
  shallowRef,
  watchEffect,
} from 'vue'
import type { Unsubscribe } from '../base/emitter.ts'
import type { StoreKind } from '../base/store.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EntitySource } from './binding/entity-types.ts'
import type { RealtimeOptions, RealtimeParts } from './binding/realtime-parts.ts'
import type { RealtimeSignals } from './realtime-signals.ts'
import { createRealtimeSignals, realtime } from './realtime-signals.ts'
import { valueSignals } from './signals.ts'

/** The kind of Vue's refs that hold a value as it is. */
export interface VueKind extends StoreKind {
  /** A ref that only the client sets. */
  readonly store: Readonly<ShallowRef<this['value']>>
}

/**
 * Makes the composables of an application for Vue, typed by its contract.
 *
 * Each is called in `setup`, and returns refs, so that its result may be destructured. A component
 * follows nothing before it is mounted, so that a server that renders never connects.
 *
 * @example
 * import { createRealtimeComposables } from 'wirefold/vue'
 *
 * export const { provideRealtime, useChannel, useList } = createRealtimeComposables<typeof shop>()
 */
export function createRealtimeComposables<
  C extends Untyped = Untyped,
  R extends EntitySource = EntitySource,
>(): RealtimeComposables<C, R> {
  const key: InjectionKey<RealtimeParts> = Symbol('realtime')
  const composables = createRealtimeSignals<C, VueKind, R>({
    signals: valueSignals<VueKind>(shallowRef),
    read: (ref) => ref.value,
    effect,
    inject: () => (hasInjectionContext() ? inject(key, undefined) : undefined),
    // Vue sets the element before the setup only where it takes over what a server has rendered.
    isHydrating: () => Boolean(getCurrentInstance()?.vnode.el),
  })
  return {
    ...composables,
    provideRealtime(options, app) {
      const parts = realtime(options)
      if (app) app.provide(key, parts)
      else provide(key, parts)
    },
  }
}

/** The composables of an application, and the function that provides the client to them. */
export interface RealtimeComposables<C extends Untyped, R extends EntitySource = EntitySource>
  extends RealtimeSignals<C, VueKind, R> {
  /** Provides a client, and its parts, to the components below the present one, or to all of `app`. */
  provideRealtime(options: RealtimeOptions<C, R>, app?: App): void
}

/**
 * Whether the present scope is that of a component, or within it. The scope of a Pinia store, or of a
 * shared composable, is not: it outlives the component that is the first to use it.
 */
function isOfComponent(): boolean {
  const instance = getCurrentInstance()
  if (!instance) return false
  const own: unknown = Reflect.get(instance, 'scope')
  let scope: unknown = getCurrentScope()
  while (typeof scope === 'object' && scope && scope !== own) scope = Reflect.get(scope, 'parent')
  return scope === own
}

/** Runs an effect of the present scope; of a component once that is mounted, which on a server it never is. */
function effect(run: () => Unsubscribe | undefined): void {
  const scope = getCurrentScope()
  let stop: Unsubscribe | undefined
  const follow = (): Unsubscribe =>
    watchEffect((onCleanup) => {
      const end = run()
      if (end) onCleanup(end)
    })
  const start = (): void => {
    if (!scope) stop ??= follow()
    else if (scope.active) stop ??= scope.run(follow)
  }
  if (!isOfComponent()) {
    start()
    return
  }
  onMounted(start)
  // A component that <KeepAlive> hides is not unmounted.
  onActivated(start)
  onDeactivated(() => {
    stop?.()
    stop = undefined
  })
}
