/* The table of a run, and the page RESULTS.md. */
import { readFileSync } from 'node:fs'
import { cpus, loadavg, release, totalmem, type } from 'node:os'

/** Whether one value of a figure is better than another. */
const isBetter = ({ more }, one, other) => (more ? one > other : one < other)

const digits = (value, unit) => {
  if (unit === 'B') return Math.round(value).toLocaleString('en')
  if (Number.isInteger(value)) return String(value)
  return value.toFixed(value < 0.2 ? 3 : value < 100 ? 2 : 0)
}

/** Returns the other packages of a figure, best first; `floor` is none. */
function peersOf(figure) {
  return Object.entries(figure.results)
    .filter(([name]) => !name.startsWith('wirefold') && name !== 'floor')
    .sort(([, one], [, other]) => (isBetter(figure, one.value, other.value) ? -1 : 1))
}

function cellsOf(figure) {
  const { name, unit, must, results } = figure
  const show = ([title, { value }]) => `${title} ${digits(value, unit)}`
  const { wirefold, ...rest } = results
  const variants = Object.entries(rest).filter(([title]) => title.startsWith('wirefold, '))
  const own = [
    digits(wirefold.value, unit),
    ...variants.map(([title, { value }]) => `${title.slice(10)}: ${digits(value, unit)}`),
  ]
  const isMet = must === undefined || !isBetter(figure, must, wirefold.value)
  return {
    name: unit ? `${name}, ${unit}` : name,
    own: own.join('; '),
    beside: wirefold.beside ?? '',
    must: must === undefined ? '' : `${digits(must, unit)}${isMet ? '' : ' (missed)'}`,
    peers: peersOf(figure).map(show).join(', '),
  }
}

/** Returns the lines of a row of the table. */
export function rowLines({ title, figures }) {
  return [
    title,
    ...figures.map((figure) => {
      const { name, own, beside, must, peers } = cellsOf(figure)
      const parts = [
        `  ${name.padEnd(42)} ${own.padEnd(10)}`,
        must && `target ${must}`,
        beside && `(${beside})`,
        peers && `| ${peers}`,
      ]
      return parts.filter(Boolean).join(' ')
    }),
  ]
}

/** Returns the description of this machine, with its load, without names. */
export function machine() {
  const [{ model }] = cpus()
  const [load] = loadavg()
  const gib = Math.round(totalmem() / 2 ** 30)
  const system = `${type()} ${release().split('-')[0]}, Node ${process.version}`
  const busy = load > cpus().length / 2 ? ': other work ran on it, so that the figures vary' : ''
  return `${cpus().length} × ${model}, ${gib} GiB, ${system}; load ${load.toFixed(1)} at the start${busy}`
}

/** Returns the versions of all packages that are measured. */
function versions() {
  const { dependencies } = JSON.parse(readFileSync(new URL('./package.json', import.meta.url)))
  const { version } = JSON.parse(readFileSync(new URL('../package.json', import.meta.url)))
  return [`wirefold ${version}`, ...Object.entries(dependencies).map((entry) => entry.join(' '))]
}

/** Returns the page of all rows. */
export function resultsPage(rows, description) {
  const table = rows.flatMap(({ title, figures }) => [
    `| **${title}** | | | | |`,
    ...figures.map((figure) => {
      const { name, own, must, peers, beside } = cellsOf(figure)
      return `| ${name} | ${own} | ${must} | ${peers} | ${beside} |`
    }),
  ])
  const behind = rows.flatMap(({ title, figures }) =>
    figures.flatMap((figure) => {
      const [best] = peersOf(figure)
      const own = figure.results.wirefold.value
      if (!best || !isBetter(figure, best[1].value, own)) return []
      const value = (number) => `${digits(number, figure.unit)} ${figure.unit}`.trim()
      return [`- ${title}: ${figure.name}: ${value(own)}; ${best[0]} ${value(best[1].value)}.`]
    }),
  )
  return `# Results of the benchmarks

The figures of wirefold, of the least code that does the same work, and of other packages, written by \`npm run bench\`.
[README.md](README.md) explains each row. Figures are ratios of one run, in which the floor and
all packages took turns in fresh processes; medians over the rounds.

- Machine: ${description}
- Packages: ${versions().join(', ')}

| figure | wirefold | target | others | beside |
|---|---|---|---|---|
${table.join('\n')}

## Where wirefold is not first

${behind.length ? behind.join('\n') : 'In no row.'}
`
}
