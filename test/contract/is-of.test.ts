import { describe, expect, it } from 'vitest'
import { contract, isOf, unchecked } from 'wirefold/contract'

const shop = contract({
  channels: {
    'shop:{id}': { order: unchecked<number>() },
    'shop:main': {},
    '{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}!': {},
  },
})

describe('isOf', () => {
  it('recognises the names of a template', () => {
    expect(isOf(shop, 'shop:{id}', 'shop:42')).toBe(true)
    expect(isOf(shop, 'shop:{id}', 'shop:4:2')).toBe(false)
    expect(isOf(shop, 'shop:{id}', 'shop:')).toBe(false)
    expect(isOf(shop, 'shop:{id}', 'shop:*')).toBe(false)
  })

  it('takes a name that is listed for itself alone', () => {
    expect(isOf(shop, 'shop:{id}', 'shop:main')).toBe(false)
    expect(isOf(shop, 'shop:main', 'shop:main')).toBe(true)
  })

  it('decides about a hostile name in time proportional to its length', () => {
    expect(isOf(shop, '{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}!', '/'.repeat(250))).toBe(false)
  })
})
