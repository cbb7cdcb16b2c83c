import { createApp, defineComponent, h, isRef, nextTick, shallowRef, unref } from 'vue'
import { createRealtimeComposables } from 'wirefold/vue'
import type { Component, Framework, SuiteHooks } from '../adapters/hooks-suite.ts'
import { hooksSuite } from '../adapters/hooks-suite.ts'

const { provideRealtime, ...hooks } = createRealtimeComposables()

const vue: Framework = {
  open(options, components, given) {
    const shown: unknown[] = []
    const name = shallowRef(given)
    let actions: ReturnType<Component> | undefined
    const shows = components.map((use, index) =>
      defineComponent(() => {
        const value = (ref: unknown) => (isRef(ref) ? unref(ref) : ref)
        const made = use({ hooks: hooks as unknown as SuiteHooks, value, name: () => name.value })
        if (index === 0) actions = made
        return () => {
          shown[index] = made.show()
          return h('p', JSON.stringify(shown[index]))
        }
      }),
    )
    const app = createApp(
      defineComponent(() => {
        provideRealtime(options)
        return () => shows.map((component) => h(component))
      }),
    )
    app.mount(document.createElement('div'))
    return {
      shown: () => shown,
      action: (action) => actions?.[action] as () => unknown,
      rename(next) {
        name.value = next
      },
      unmount: () => app.unmount(),
    }
  },
  async during(step) {
    await step()
    await nextTick()
  },
}

hooksSuite('Vue', vue)
