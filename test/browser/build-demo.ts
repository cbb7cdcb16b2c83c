import { execFileSync } from 'node:child_process'
import { existsSync } from 'node:fs'

/** Builds the pages of the demo once, before the first browser test. */
export function setup(): void {
  if (!existsSync('dist/index.js')) {
    throw new Error('The demo needs the built package, and dist/ is missing. Run: npm run build')
  }
  // Not in the test environment: with NODE_ENV `test` Vite bundles development builds.
  execFileSync(process.execPath, ['examples/build-pages.js'], {
    env: { ...process.env, NODE_ENV: undefined },
    stdio: 'inherit',
  })
}
