import { describe, expect, it } from 'vitest'
import { channel, contract, isOf, unchecked } from 'wirefold/contract'

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
    for (const none of ['shop:{id}', 'shop:{', 'shop:a}', 'shop:\n', `shop:${'a'.repeat(256)}`]) {
      expect(isOf(shop, 'shop:{id}', none)).toBe(false)
    }
  })

  it('takes a name that is listed for itself alone', () => {
    expect(isOf(shop, 'shop:{id}', 'shop:main')).toBe(false)
    expect(isOf(shop, 'shop:main', 'shop:main')).toBe(true)
  })

  it('takes a name for the one template that counts for it', () => {
    const parts = { 'shop:{id}': {}, '{kind}:{id}': {}, 'agent:*': {} }
    const shops = contract({ channels: parts })
    expect(isOf(shops, '{kind}:{id}', 'shop:1')).toBe(false)
    expect(isOf(shops, '{kind}:{id}', 'till:1')).toBe(true)
    expect(isOf(shops, 'agent:*', 'agent:1:2')).toBe(false)
    expect(() => channel(shops, '{kind}:{id}', { kind: 'shop', id: 1 })).toThrow(
      'of another template',
    )
    const alone = contract<{ channels: { 'shop:{id}': { order: number } } }>()
    expect(isOf(alone, 'shop:{id}', 'shop:1')).toBe(true)
    expect(isOf(alone, 'shop:{id}', 'shop:1:2')).toBe(false)
  })

  it('decides about a hostile name in time proportional to its length', () => {
    expect(isOf(shop, '{a}/{b}/{c}/{d}/{e}/{f}/{g}/{h}!', '/'.repeat(250))).toBe(false)
  })
})

describe('channel', () => {
  it('returns a name of the template', () => {
    expect(channel(shop, 'shop:{id}', { id: 42 })).toBe('shop:42')
    expect(channel(shop, 'shop:{id}', { id: 'a*' })).toBe('shop:a*')
    expect(channel(shop, 'shop:main')).toBe('shop:main')
  })

  // `undefined` by an application in JavaScript.
  it.each([
    '',
    'a:b',
    '{id}',
    '*',
    'main',
    'a\nb',
    'a'.repeat(256),
    undefined as unknown as string,
  ])('refuses the value %j, with which it would be no name of it', (id) => {
    expect(() => channel(shop, 'shop:{id}', { id })).toThrow(
      expect.objectContaining({ code: 'bad-channel', detail: { channel: 'shop:{id}' } }),
    )
  })
})
