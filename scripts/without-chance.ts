import { readFile } from 'node:fs/promises'
import type { Options } from 'tsup'

/**
 * Replaces the delay that reconnecting-websocket draws while it is loaded by the middle of its range.
 *
 * Some runtimes forbid chance at that time. The delay is a default, and wirefold always gives its own.
 */
export const withoutChance: NonNullable<Options['esbuildPlugins']>[number] = {
  name: 'without-chance',
  setup(build) {
    build.onLoad({ filter: /reconnecting-websocket-mjs\.js$/ }, async ({ path }) => {
      const text = await readFile(path, 'utf8')
      const contents = text.replace('1000 + Math.random() * 4000', '3000')
      if (contents === text || contents.includes('Math.random')) {
        throw new Error(
          `${path} draws its delay in another way now: change scripts/without-chance.ts.`,
        )
      }
      return { contents }
    })
  },
}
