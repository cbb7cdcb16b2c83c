/* Builds the package and the demo, then serves the demo: `npm start`. */
import { build } from 'tsup'

/** Runs one step, and prints what it does and how long it took. */
async function step(name, run) {
  process.stdout.write(`${name} … `)
  const start = performance.now()
  await run()
  console.log(`${((performance.now() - start) / 1_000).toFixed(1)} s`)
}

// Types take most of a whole build, and the demo needs none. Those of an earlier build stay.
await step('Building the package', () => build({ dts: false, clean: false, silent: true }))
await step('Building the pages', () => import('./build-pages.js'))
await import('./serve.js')
