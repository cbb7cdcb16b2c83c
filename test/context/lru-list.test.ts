import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Linked } from '../../src/context/lru-list.ts'
import { LruList } from '../../src/context/lru-list.ts'

class Item implements Linked<Item> {
  older: Item | undefined
  newer: Item | undefined
}

describe('recency', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('touch', 'remove'), fc.nat(4)))])(
    'names who a list would have first',
    (steps) => {
      const items = Array.from({ length: 5 }, () => new Item())
      const recency = new LruList<Item>()
      let model: Item[] = []
      for (const [step, index] of steps) {
        const item = items[index] ?? new Item()
        model = model.filter((other) => other !== item)
        if (step === 'touch') {
          recency.touch(item)
          model.push(item)
        } else recency.remove(item)
        expect(recency.oldest === model[0]).toBe(true)
      }
      for (const item of model) {
        expect(recency.oldest === item).toBe(true)
        recency.remove(item)
      }
      expect(recency.oldest).toBeUndefined()
    },
  )
})
