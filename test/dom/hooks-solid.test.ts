import {
  createComponent,
  createContext,
  createEffect,
  createRenderEffect,
  createSignal,
  onCleanup,
  useContext,
} from 'solid-js'
import { render } from 'solid-js/web'
import {
  type AccessorKind,
  accessorSignals,
  createRealtimeSignals,
  type RealtimeParts,
  realtime,
} from 'wirefold/signals'
import type { Component, Framework, SuiteHooks } from '../adapters/hooks-suite.ts'
import { hooksSuite } from '../adapters/hooks-suite.ts'

const Realtime = createContext<RealtimeParts>()
const hooks = createRealtimeSignals<object, AccessorKind>({
  signals: accessorSignals(createSignal),
  read: (get) => get(),
  inject: () => useContext(Realtime),
  effect: (run) =>
    createEffect(() => {
      const end = run()
      if (end) onCleanup(end)
    }),
})

const solid: Framework = {
  open(options, components, given) {
    const shown: unknown[] = []
    const [name, rename] = createSignal(given)
    let actions: ReturnType<Component> | undefined
    function Shown({ use, index }: { use: Component; index: number }) {
      const value = (signal: unknown) => (typeof signal === 'function' ? signal() : signal)
      const made = use({ hooks: hooks as unknown as SuiteHooks, value, name })
      if (index === 0) actions = made
      const text = document.createTextNode('')
      createRenderEffect(() => {
        shown[index] = made.show()
        text.data = JSON.stringify(shown[index]) ?? ''
      })
      return text
    }
    const unmount = render(
      () =>
        createComponent(Realtime.Provider, {
          value: realtime(options),
          get children() {
            return components.map((use, index) => createComponent(Shown, { use, index }))
          },
        }),
      document.createElement('div'),
    )
    return {
      shown: () => shown,
      action: (action) => actions?.[action] as () => unknown,
      rename: (next) => void rename(next),
      unmount,
    }
  },
  during: async (step) => void (await step()),
}

hooksSuite('Solid', solid)
