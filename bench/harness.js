/* What all rows share: roles in processes of their own, measured in turns, and medians. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const children = new Set()

/**
 * Starts a role of a row in a new process, which ends with this one.
 *
 * @returns its `info`, `call(method, ...arguments)`, `notify(notice)`, `notices(listener)` and `kill(signal)`
 */
export async function start(row, role, params = {}, execArgv = []) {
  const file = fileURLToPath(new URL('./role.js', import.meta.url))
  const child = fork(file, [row, role, JSON.stringify(params)], { execArgv })
  children.add(child)
  const waiting = new Map()
  let last = 0
  let listener = () => {}
  const answer = (id) =>
    new Promise((resolve, reject) => {
      waiting.set(id, { resolve, reject })
    })
  child.on('message', ({ id, result, error, notice }) => {
    if (notice !== undefined) return listener(notice)
    const { resolve, reject } = waiting.get(id)
    waiting.delete(id)
    if (error === undefined) resolve(result)
    else reject(new Error(`${row} ${role}: ${error}`))
  })
  child.once('exit', (code) => {
    children.delete(child)
    for (const { reject } of waiting.values()) {
      reject(new Error(`The process of ${row} ${role} ended with ${code} before its answer.`))
    }
  })
  const info = await answer(0)
  return {
    info,
    call(method, ...args) {
      child.send({ id: ++last, method, args })
      return answer(last)
    },
    notices(listen) {
      listener = listen
    },
    notify: (notice) => child.send({ notice }),
    kill: (signal = 'SIGKILL') => child.kill(signal),
  }
}

process.on('exit', () => {
  for (const child of children) child.kill('SIGKILL')
})

/** Calls `run` of a role in a new process, and returns its result. */
export async function runOnce(row, role, params, execArgv) {
  const child = await start(row, role, params, execArgv)
  try {
    return await child.call('run')
  } finally {
    child.kill()
  }
}

/**
 * Measures all variants once in each round, in an order that moves on by one per round, so that a
 * slow minute of the machine is shared by all.
 *
 * @returns the samples of each variant, one per round
 */
export async function interleave(rounds, variants, measure) {
  const samples = new Map(variants.map((variant) => [variant, []]))
  for (let round = 0; round < rounds; round++) {
    const first = round % variants.length
    for (const variant of [...variants.slice(first), ...variants.slice(0, first)]) {
      samples.get(variant).push(await measure(variant))
    }
  }
  return samples
}

/** Returns the median of numbers. */
export function median(numbers) {
  const sorted = [...numbers].sort((one, other) => one - other)
  const middle = sorted.length >> 1
  return sorted.length % 2 ? sorted[middle] : (sorted[middle - 1] + sorted[middle]) / 2
}

/** Returns the median over the rounds of a variant's figure divided by the floor's of that round. */
export function ratio(samples, variant, floor, figure) {
  const floors = samples.get(floor)
  return median(samples.get(variant).map((sample, round) => figure(sample) / figure(floors[round])))
}

/** Starts measuring; the returned function returns CPU and wall time since then, in milliseconds. */
export function stopwatch() {
  const cpu = process.cpuUsage()
  const start = performance.now()
  return () => {
    const { user, system } = process.cpuUsage(cpu)
    return { cpuMs: (user + system) / 1_000, wallMs: performance.now() - start }
  }
}

/** Options of Node under which {@link bytesEach} finds the same figure in each run. */
export const ALLOCATION_FLAGS = [
  '--expose-gc',
  '--no-opt',
  '--single-threaded',
  '--min-semi-space-size=64',
  '--max-semi-space-size=64',
]

/**
 * Returns the bytes that each of a number of steps allocates, in a process with
 * {@link ALLOCATION_FLAGS}: no compiler removes allocations, and nothing is collected meanwhile, as
 * long as all are less than 64 MiB; throws if there are more.
 */
export async function bytesEach(count, run) {
  globalThis.gc()
  await nextTurn()
  let collections = 0
  const observer = new PerformanceObserver((list) => {
    collections += list.getEntries().length
  })
  observer.observe({ entryTypes: ['gc'] })
  const before = process.memoryUsage().heapUsed
  await run()
  const bytes = process.memoryUsage().heapUsed - before
  // The observer is called in a later turn.
  await nextTurn()
  await nextTurn()
  assertCount('garbage collections', collections, 0)
  return bytes / count
}

/** Imports an entry of the built package: of this repository, or of the folder `BENCH_DIST`. */
export function built(entry) {
  const dist = process.env.BENCH_DIST ?? fileURLToPath(new URL('../dist', import.meta.url))
  return import(`${dist}/${entry}.js`)
}

/** Throws unless a count is the expected one. */
export function assertCount(what, found, expected) {
  if (found !== expected) throw new Error(`${what}: ${found}, expected ${expected}`)
}

/** Ends the turn of the event loop. */
export const nextTurn = () => new Promise(setImmediate)
