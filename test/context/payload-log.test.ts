import { describe, expect, it } from 'vitest'
import { isPayload, PayloadRing } from '../../src/context/payload-log.ts'

const carrier = { kind: 'Doc', key: 'a', thread: 'main' }

function add(log: PayloadRing, content: string, id?: string, key = 'a', type = 'LOGS'): void {
  log.add({ content, type }, { kind: 'Doc', key, thread: 'main' }, { id, timestamp: 7 })
}
const contents = (entries: readonly { content: string }[]) => entries.map((e) => e.content)

describe('a payload log', () => {
  it('stores the fields and the origin of a payload', () => {
    const log = new PayloadRing({})
    log.add({ content: 'trace', type: 'STACKTRACE' }, carrier, { id: 'e1', timestamp: 7 })
    expect(log.entries()).toEqual([
      {
        eventId: 'e1',
        kind: 'Doc',
        key: 'a',
        thread: 'main',
        timestamp: 7,
        type: 'STACKTRACE',
        content: 'trace',
      },
    ])
  })

  it('stores a payload once per event, type and content', () => {
    const log = new PayloadRing({})
    add(log, 'x', 'e1')
    add(log, 'x', 'e1')
    expect(log.entries()).toHaveLength(1)
    add(log, 'y', 'e1')
    add(log, 'x', 'e1', 'a', 'LUA')
    add(log, 'x', 'e2')
    expect(log.entries()).toHaveLength(4)
  })

  it('stores every payload of events without an id', () => {
    const log = new PayloadRing({})
    add(log, 'x')
    add(log, 'x')
    expect(log.entries()).toHaveLength(2)
  })

  it('finds payloads by event, by thread and by entity', () => {
    const log = new PayloadRing({})
    add(log, '1', 'e1', 'a')
    add(log, '2', 'e1', 'b')
    log.add(
      { content: '3', type: 'LOGS' },
      { kind: 'Doc', key: undefined, thread: 'other' },
      { id: 'e2' },
    )
    expect(contents(log.byEvent('e1'))).toEqual(['1', '2'])
    expect(contents(log.byEvent('e3'))).toEqual([])
    expect(contents(log.byThread('main'))).toEqual(['1', '2'])
    expect(contents(log.byThread('other'))).toEqual(['3'])
    expect(contents(log.byEntity('Doc', 'b'))).toEqual(['2'])
    expect(contents(log.byEntity('Doc'))).toEqual(['3'])
    expect(contents(log.byEntity('Other', 'b'))).toEqual([])
  })

  it('finds a payload by every entity whose context contained it', () => {
    const log = new PayloadRing({})
    const payload = { content: 'x', type: 'LOGS' }
    log.add(payload, { kind: 'Process', key: undefined, thread: 'main' }, { id: 'e1' })
    log.add(payload, { kind: 'Instance', key: 'i1', thread: 'worker' }, { id: 'e1' })
    expect(log.byThread('worker')).toEqual(log.byThread('main'))
    expect(log.entries()).toHaveLength(1)
    expect(contents(log.byEntity('Instance', 'i1'))).toEqual(['x'])
  })

  it('drops the oldest entry beyond its limit of entries', () => {
    const log = new PayloadRing({ entries: 2 })
    for (const id of ['1', '2', '3']) add(log, id, id)
    expect(contents(log.entries())).toEqual(['2', '3'])
    expect(log.byEvent('1')).toEqual([])
  })

  it('drops the oldest entries beyond its limit of characters', () => {
    const log = new PayloadRing({ chars: 20 })
    add(log, '12345', '1') // 9 with its type
    add(log, '12345', '2')
    expect(log.entries()).toHaveLength(2)
    add(log, '1', '3')
    expect(log.entries().map((e) => e.eventId)).toEqual(['2', '3'])
  })

  it('truncates a payload that exceeds the limit, with a note', () => {
    const log = new PayloadRing({ chars: 100 })
    add(log, 'old', '1')
    add(log, 'x'.repeat(1000), '2')
    const [entry, ...rest] = log.entries()
    expect(rest).toEqual([])
    expect(entry?.content).toMatch(/^x+… \[cut: 1000 characters\]$/)
    expect((entry?.content.length ?? 0) + 'LOGS'.length).toBe(100)
    add(log, 'x'.repeat(1000), '2')
    expect(log.entries()).toHaveLength(1)
  })

  it('keeps its limits even if a type exceeds them', () => {
    const log = new PayloadRing({ chars: 10 })
    add(log, 'x', '1', 'a', 'T'.repeat(11))
    expect(log.entries()).toEqual([])
    expect(log.byEvent('1')).toEqual([])
    add(log, 'x', '2')
    expect(log.entries()).toHaveLength(1)
  })

  it('keeps its limits, and forgets dropped events, over 100,000 payloads', () => {
    const log = new PayloadRing({})
    for (let n = 0; n < 100_000; n++) add(log, `${n}`.padEnd(n % 5000, '.'), `e${n >> 1}`, `k${n}`)
    const entries = log.entries()
    expect(entries.length).toBeLessThanOrEqual(500)
    const chars = entries.reduce((sum, e) => sum + e.content.length + e.type.length, 0)
    expect(chars).toBeLessThanOrEqual(1_000_000)
    expect(entries.at(-1)?.content).toMatch(/^99999/)
    expect(log.byEvent('e0')).toEqual([])
    expect(log.byEntity('Doc', 'k0')).toEqual([])
    expect(log.byEvent('e49999')).toHaveLength(2)
  })

  it('stores nothing with a limit of 0 or less', () => {
    for (const limits of [{ entries: 0 }, { chars: 0 }, { entries: -1 }, { chars: -1 }]) {
      const log = new PayloadRing(limits)
      add(log, 'x', 'e1')
      expect(log.entries()).toEqual([])
      expect(log.byEvent('e1')).toEqual([])
    }
  })

  it('stores a limited number of contexts per repeated payload', () => {
    const log = new PayloadRing({})
    for (let n = 0; n < 1000; n++) add(log, 'x', 'e1', `k${n}`)
    const found = Array.from({ length: 1000 }, (_, n) => log.byEntity('Doc', `k${n}`).length)
    expect(found.filter(Boolean)).toHaveLength(64)
  })

  it('is empty once cleared', () => {
    const log = new PayloadRing({ chars: 20 })
    add(log, '1234567890', 'e1')
    log.clear()
    expect(log.entries()).toEqual([])
    add(log, '1234567890', 'e1')
    expect(log.entries()).toHaveLength(1)
  })
})

describe('isPayload', () => {
  it('accepts values whose content and type are strings', () => {
    expect(isPayload({ content: '', type: 'NONE' })).toBe(true)
    for (const odd of [null, undefined, 'x', { content: 1, type: 'x' }, { content: 'x' }, []]) {
      expect(isPayload(odd)).toBe(false)
    }
  })
})
