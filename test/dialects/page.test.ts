import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { type DialectHarness, dialectSuite } from 'wirefold/testing'
import { dialled } from '../support/dialled.ts'
import { harnesses } from './harnesses.ts'
import { rooms } from './own-dialect.ts'

const page = readFileSync('docs/dialects.md', 'utf8')
const blocks = [...page.matchAll(/```ts\n([\s\S]*?)```/g)].map(([, code = '']) => code)
const isImport = (line: string) => line.startsWith('import ')

/** The lines of code, without indentation, imports and empty lines. */
function linesOf(code: string): string {
  const lines = code.split('\n').map((line) => line.trim())
  return lines.filter((line) => line && !isImport(line)).join('\n')
}

describe('the page about dialects', () => {
  it('shows only code that is compiled elsewhere', () => {
    const own = readFileSync('test/dialects/own-dialect.ts', 'utf8')
    const compiled = linesOf(readFileSync('test/types/dialects-page.test-d.ts', 'utf8'))
    expect(blocks).toHaveLength(7)
    expect(blocks).toContain(own)
    for (const code of blocks) if (code !== own) expect(compiled).toContain(linesOf(code))
  })

  it('imports what its doors export', async () => {
    const doors: Record<string, object> = {
      wirefold: await import('wirefold'),
      'wirefold/dialects/duui': await import('wirefold/dialects/duui'),
      'wirefold/dialects/entity': await import('wirefold/dialects/entity'),
      'wirefold/dialects/streams': await import('wirefold/dialects/streams'),
      'wirefold/dialects/topics': await import('wirefold/dialects/topics'),
      'wirefold/testing': await import('wirefold/testing'),
    }
    for (const line of blocks.flatMap((code) => code.split('\n').filter(isImport))) {
      const [, names = '', door = ''] = /^import \{ (.+) \} from '(.+)'$/.exec(line) ?? []
      for (const name of names.split(', ').filter((each) => !each.startsWith('type '))) {
        expect(doors[door], `${name} of ${door}`).toHaveProperty(name)
      }
    }
  })

  it('tells what the dialects can do', () => {
    const row = (name: string) => {
      const line = page.split('\n').find((text) => text.startsWith(`| \`${name}\`:`)) ?? ''
      return line
        .split('|')
        .slice(2, -1)
        .map((cell) => !cell.includes('–'))
    }
    const names = ['native', 'entity', 'topics, confirmed', 'duui', 'streams']
    const dialects = names.map((name) => harnesses[name]?.dialect())
    for (const capability of [
      'acks',
      'recovery',
      'presence',
      'dedupes',
      'families',
      'batches',
    ] as const) {
      expect(row(capability), capability).toEqual(dialects.map((d) => d?.capabilities[capability]))
    }
  })
})

describe('the dialect of the page', () => {
  const messages = [{ room: 'lobby', event: 'said', body: 'hello' }]
  const harness: DialectHarness = { dialect: rooms, messages }
  it.each(dialectSuite)('$name', ({ run }) => run(() => harness))

  it('works', async () => {
    const { client, channels, clock, sent, tell } = dialled(rooms)
    const heard: unknown[] = []
    channels.subscribe('lobby', (payload, { type }) => heard.push([type, payload]))
    await clock.advance(0)
    await tell(messages[0])
    void client.publish('lobby', 'said', 'hi')
    await clock.advance(0)
    expect(heard).toEqual([['said', 'hello']])
    expect(sent).toEqual([{ join: 'lobby' }, { room: 'lobby', event: 'said', body: 'hi' }])
  })
})
