import { existsSync, readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'

const page = readFileSync('docs/compared-with.md', 'utf8')
const results = readFileSync('bench/RESULTS.md', 'utf8')
const [, measured = ''] = /^## Measured$([\s\S]*?)^## /m.exec(page) ?? []

/** The cells of each row of the measurements, without the heading of the table. */
const rows = measured
  .split('\n')
  .filter((line) => line.startsWith('| '))
  .slice(1)
  .map((line) => line.split('|').map((cell) => cell.trim()))

/** Returns the figures in a text that it names as results, such as 1.29 and 18,098. */
const figures = (text = '') => text.match(/\d[\d,]*\.\d+|\d+,\d{3}/g) ?? []

describe('the page of comparisons', () => {
  it('has the figures of the last run of the benchmarks', () => {
    const named = rows.flatMap(([, , , ours, others]) => [...figures(ours), ...figures(others)])
    expect(named.length).toBeGreaterThan(25)
    const known = new Set(figures(results))
    expect(named.filter((figure) => !known.has(figure))).toEqual([])
  })

  it('names commands that exist', () => {
    const commands = [...measured.matchAll(/`node bench\/run\.js (\S+)`/g)].map(([, row]) => row)
    expect(commands.length).toBeGreaterThan(4)
    expect(commands.filter((row) => !existsSync(`bench/rows/${row}.js`))).toEqual([])
  })
})
