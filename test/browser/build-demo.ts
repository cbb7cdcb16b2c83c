import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Builds the pages of the demo once, before the first test of a browser. */
export function setup(): void {
  if (!existsSync('dist/index.js')) {
    throw new Error('The demo needs the built package, and dist/ is missing. Run: npm run build')
  }
  // Not as a test: with NODE_ENV `test` Vite would bundle development builds.
  execFileSync(process.execPath, ['examples/build-pages.js'], {
    env: { ...process.env, NODE_ENV: undefined },
    stdio: 'inherit',
  })
}
