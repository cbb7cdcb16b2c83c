/*
 * Runs benchmarks and prints one table:
 *
 *   npm run bench                       every row; writes bench/RESULTS.md
 *   node bench/run.js dispatch fold     these rows
 *   node bench/run.js --quick fold      small sizes and few rounds: a check, no measurement
 *
 * `BENCH_DIST=<folder>` measures another build. The rows are the files of bench/rows.
 */
import { execFileSync } from 'node:child_process'
import { existsSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { machine, resultsPage, rowLines } from './results.js'

const ROWS = [
  ...['dispatch', 'fold', 'bundle', 'round-trip', 'fan-out', 'connect'],
  ...['reconnect', 'heap', 'herd', 'soak'],
]
const path = (name) => fileURLToPath(new URL(name, import.meta.url))
const npm = (folder, ...args) =>
  execFileSync('npm', args, { cwd: path(folder), stdio: ['ignore', 'ignore', 'inherit'] })

const args = process.argv.slice(2)
const options = { quick: args.includes('--quick'), whole: args.includes('--whole') }
const chosen = args.filter((arg) => !arg.startsWith('--'))

if (!existsSync(path('node_modules'))) npm('.', 'ci')
if (!process.env.BENCH_DIST && !existsSync(path('../dist/index.js'))) npm('..', 'run', 'build')

const before = machine()
const rows = []
for (const name of chosen.length ? chosen : ROWS) {
  const { measure } = await import(`./rows/${name}.js`)
  const row = await measure(options)
  rows.push(row)
  process.stdout.write(`${rowLines(row).join('\n')}\n\n`)
}
if (chosen.length === 0 && !options.quick)
  writeFileSync(path('RESULTS.md'), resultsPage(rows, before))
process.exit()
