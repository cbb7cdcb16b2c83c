import type { PluginOption } from 'vite'
import { createServer, preview } from 'vite'
import { expectTypeOf, it } from 'vitest'
import { wirefold } from 'wirefold/vite'
import type { VitePluginHooks } from '../../src/vite/vite-types.ts'
import { alias } from '../../vitest.config.ts'
import { viteStories } from './vite-stories.ts'

viteStories({ createServer, preview, wirefold, alias })

it('is a plugin by the types of Vite', () => {
  expectTypeOf(wirefold).returns.toExtend<PluginOption>()
  expectTypeOf<VitePluginHooks>().toExtend<PluginOption>()
})
