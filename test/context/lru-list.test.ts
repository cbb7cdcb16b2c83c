import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Linked } from '../../src/context/lru-list.ts'
import { LruList } from '../../src/context/lru-list.ts'

class Item implements Linked<Item> {
  older: Item | undefined
  newer: Item | undefined
}

describe('an LRU list', () => {
  test.prop([fc.array(fc.tuple(fc.constantFrom('touch', 'remove'), fc.nat(4)))])(
    'returns the same oldest item as an array',
    (steps) => {
      const items = Array.from({ length: 5 }, () => new Item())
      const list = new LruList<Item>()
      let model: Item[] = []
      for (const [step, index] of steps) {
        const item = items[index] ?? new Item()
        model = model.filter((other) => other !== item)
        if (step === 'touch') {
          list.touch(item)
          model.push(item)
        } else list.remove(item)
        expect(list.oldest === model[0]).toBe(true)
      }
      for (const item of model) {
        expect(list.oldest === item).toBe(true)
        list.remove(item)
      }
      expect(list.oldest).toBeUndefined()
    },
  )
})
