/* Builds the package and the demo, then serves the demo: `npm start`. */
import { build } from 'tsup'

/** Runs one step, and prints its name and its duration. */
async function step(name, run) {
  process.stdout.write(`${name} … `)
  const start = performance.now()
  await run()
  console.log(`${((performance.now() - start) / 1_000).toFixed(1)} s`)
}

// Without declarations, which take most of the build and are not needed by the demo. Earlier ones
// stay.
await step('Building the package', () => build({ dts: false, clean: false, silent: true }))
await step('Building the pages', () => import('./build-pages.js'))
await import('./serve.js')
