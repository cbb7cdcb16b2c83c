import { effect as preactEffect, type Signal, signal } from '@preact/signals-core'
import type { StoreKind } from 'wirefold'
import {
  type AccessorKind,
  createRealtimeSignals,
  type RealtimeParts,
  realtime,
  valueSignals,
} from 'wirefold/signals'
import type { Framework, SuiteHooks } from './hooks-suite.ts'
import { hooksSuite } from './hooks-suite.ts'

/** The scope of a page: what its components have started, and the parts that its context provides. */
interface Scope {
  readonly parts: RealtimeParts | undefined
  readonly ends: (() => void)[]
}

/**
 * A framework that calls a component once, with the signals of a library.
 *
 * @param effect runs its function whenever a signal that it has read changes, and returns its end
 */
function framework<Name>(
  made: (scope: () => Scope) => object,
  effect: (run: () => (() => void) | undefined) => () => void,
  names: (name: string | undefined) => { readonly name: Name; set(name: string | undefined): void },
  value: (shown: unknown) => unknown,
): Framework {
  let scope: Scope = { parts: undefined, ends: [] }
  const hooks = made(() => scope) as unknown as SuiteHooks
  return {
    open(options, components, given) {
      const own: Scope = { parts: realtime(options), ends: [] }
      const { name, set } = names(given)
      const shown: unknown[] = []
      scope = own
      const pages = components.map((use) => use({ hooks, value, name }))
      for (const [index, page] of pages.entries()) {
        own.ends.push(
          effect(() => {
            shown[index] = page.show()
            return undefined
          }),
        )
      }
      return {
        shown: () => shown,
        action: (action) => pages[0]?.[action] as () => unknown,
        rename: set,
        unmount() {
          for (const end of own.ends) end()
        },
      }
    },
    during: async (step) => void (await step()),
  }
}

interface PreactKind extends StoreKind {
  readonly store: Signal<this['value']>
}

hooksSuite(
  'Preact signals',
  framework(
    (scope) =>
      createRealtimeSignals<object, PreactKind>({
        signals: valueSignals<PreactKind>(signal),
        read: (shown) => shown.value,
        effect: (run) => void scope().ends.push(preactEffect(run)),
        inject: () => scope().parts,
      }),
    preactEffect,
    (given) => {
      const shown = signal(given)
      const set = (name: string | undefined): void => {
        shown.value = name
      }
      return { name: () => shown.value, set }
    },
    (shown) => (shown as Signal).value,
  ),
)

/** A signal of the shape of Angular's: called to be read, with a method that sets it. */
function angularSignal<T>(initial: T): AngularSignal<T> {
  const held = signal(initial)
  const set = (value: T): void => {
    held.value = value
  }
  return Object.assign(() => held.value, { set })
}
interface AngularSignal<T> {
  (): T
  set(value: T): void
}

/** An effect of the shape of Angular's: with a function that takes a clean-up, and an end. */
function angularEffect(run: (onCleanup: (end: () => void) => void) => void): AngularEffect {
  const destroy = preactEffect(() => {
    const ends: (() => void)[] = []
    run((end) => ends.push(end))
    return () => {
      for (const end of ends) end()
    }
  })
  return { destroy }
}
interface AngularEffect {
  destroy(): void
}

hooksSuite(
  'signals of the shape of Angular',
  framework(
    (scope) =>
      createRealtimeSignals<object, AccessorKind>({
        signals: {
          create(initial) {
            const store = angularSignal(initial)
            return { store, set: (value) => store.set(value) }
          },
        },
        read: (shown) => shown(),
        effect(run) {
          const { destroy } = angularEffect((onCleanup) => {
            const end = run()
            if (end) onCleanup(end)
          })
          scope().ends.push(destroy)
        },
        inject: () => scope().parts,
      }),
    (run) => angularEffect(run).destroy,
    (given) => {
      const name = angularSignal(given)
      return { name, set: name.set }
    },
    (shown) => (shown as () => unknown)(),
  ),
)
