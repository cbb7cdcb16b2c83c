import { describe, expect, it } from 'vitest'
import { jsonCodec } from 'wirefold/dialects'

const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)

describe('the JSON codec', () => {
  it('decodes what it encoded', () => {
    const value = { a: [1, 'ü\u2028\ud800', null, { b: true }], '': 0 }
    expect(jsonCodec.decode(jsonCodec.encode(value))).toEqual(value)
    expect(jsonCodec.decode(jsonCodec.join(['1', '{"a":2}']))).toEqual([1, { a: 2 }])
  })

  it('rejects data that is not text, not JSON, or too large', () => {
    for (const data of [new ArrayBuffer(2), undefined, 7, '', '{', 'NaN', '\ufeff{}']) {
      expect(() => jsonCodec.decode(data)).toThrow(expect.objectContaining({ code: 'bad-frame' }))
    }
    const large = `"${'x'.repeat(4 * 1024 * 1024)}"`
    expect(() => jsonCodec.decode(large)).toThrow(/longer than/)
    expect(() => jsonCodec.decode('{"secret": "long", oops')).toThrow(
      expect.objectContaining({
        detail: { reason: 'not JSON', sample: '{"secret": "long", oops' },
      }),
    )
  })

  it('decodes up to 64 levels, not counting brackets in strings', () => {
    expect(jsonCodec.decode(nested(64))).toBeInstanceOf(Array)
    expect(() => jsonCodec.decode(nested(65))).toThrow(/nested deeper/)
    expect(() => jsonCodec.decode(nested(100_000))).toThrow(/nested deeper/)
    const flat = JSON.stringify({ text: `${'['.repeat(500)}"\\` })
    expect(jsonCodec.decode(flat)).toEqual({ text: `${'['.repeat(500)}"\\` })
    const wide = `[${'{},'.repeat(500)}0]`
    expect(jsonCodec.decode(wide)).toHaveLength(501)
    expect(() => jsonCodec.decode(`${'{"a":['.repeat(33)}${']}'.repeat(33)}`)).toThrow(/nested/)
  })

  it('removes __proto__ keys in any spelling, and keeps them in strings', () => {
    for (const key of ['__proto__', '\\u005f_proto__', '__\\u0070roto__', '__pr\\u006Fto__']) {
      const value = jsonCodec.decode(`{"${key}": {"polluted": 1}, "kept": {"${key}": 2, "x": 3}}`)
      expect(JSON.stringify(value)).toBe('{"kept":{"x":3}}')
    }
    expect(jsonCodec.decode('{"a":"__proto__","b":"\\u005f"}')).toEqual({ a: '__proto__', b: '_' })
  })
})
