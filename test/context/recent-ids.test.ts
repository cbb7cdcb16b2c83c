import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { RecentIds } from '../../src/context/recent-ids.ts'

describe('recent ids', () => {
  it('contain an id from the second time on', () => {
    const ids = new RecentIds(2)
    expect(ids.seen('a')).toBe(false)
    expect(ids.seen('a')).toBe(true)
  })

  it('drop the oldest first', () => {
    const ids = new RecentIds(2)
    for (const id of ['a', 'b', 'c']) ids.seen(id)
    expect(ids.seen('b')).toBe(true)
    expect(ids.seen('c')).toBe(true)
    expect(ids.seen('a')).toBe(false)
  })

  it('store nothing with a limit of 0', () => {
    const ids = new RecentIds(0)
    ids.seen('a')
    expect(ids.seen('a')).toBe(false)
    expect(ids.size).toBe(0)
  })

  test.prop([fc.integer({ min: 1, max: 5 }), fc.array(fc.constantFrom(...'abcdefghij'))])(
    'equal a list truncated to the limit',
    (limit, stream) => {
      const ids = new RecentIds(limit)
      let model: string[] = []
      for (const id of stream) {
        expect(ids.seen(id)).toBe(model.includes(id))
        if (!model.includes(id)) model = [...model, id].slice(-limit)
        expect(ids.size).toBe(model.length)
      }
    },
  )
})
