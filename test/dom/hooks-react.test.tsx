import { act, cleanup, render } from '@testing-library/react'
import { StrictMode } from 'react'
import { afterEach } from 'vitest'
import { createRealtimeHooks } from 'wirefold/react'
import type { Component, Framework, SuiteHooks } from '../adapters/hooks-suite.ts'
import { hooksSuite } from '../adapters/hooks-suite.ts'

afterEach(cleanup)

const { RealtimeProvider, ...hooks } = createRealtimeHooks()

/** Components of React under StrictMode, which mounts each twice. */
const react: Framework = {
  open(options, components, name) {
    const shown: unknown[] = []
    let actions: ReturnType<Component> | undefined
    function Shown({ use, index, name }: { use: Component; index: number; name: unknown }) {
      const value = (hooked: unknown) => hooked
      const made = use({ hooks: hooks as unknown as SuiteHooks, value, name })
      shown[index] = made.show()
      if (index === 0) actions = made
      return <p>{JSON.stringify(shown[index])}</p>
    }
    const page = (name: string | undefined) => (
      <StrictMode>
        <RealtimeProvider {...options}>
          {components.map((use, index) => (
            <Shown key={String(index)} use={use} index={index} name={name} />
          ))}
        </RealtimeProvider>
      </StrictMode>
    )
    const { rerender, unmount } = render(page(name))
    return {
      shown: () => shown,
      action: (name) => actions?.[name] as () => unknown,
      rename: (name) => rerender(page(name)),
      unmount,
    }
  },
  during: async (step) => {
    await act(async () => {
      await step()
    })
  },
}

hooksSuite('React under StrictMode', react)
