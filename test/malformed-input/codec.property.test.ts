import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import { isWirefoldError } from 'wirefold'
import { jsonCodec } from 'wirefold/dialects'
import { expectNoProto, expectPristine } from './pristine.ts'

const DEEPEST = 64
const runs = { numRuns: 500 }

/** Returns the decoded value of a text, or the code of the error that rejects it. */
function decoded(text: string): { value: unknown } | { code: unknown } {
  try {
    return { value: jsonCodec.decode(text) }
  } catch (error) {
    return { code: isWirefoldError(error) ? error.code : error }
  }
}

/** Any value that JSON can represent: without -0, and without omitted keys. */
const json = fc
  .jsonValue({ maxDepth: 20 })
  .filter((value) => !JSON.stringify(value).includes('"__proto__":'))
  .map((value): unknown => JSON.parse(JSON.stringify(value)))

const tricky = fc.oneof(
  fc.string({ unit: 'binary' }),
  fc.string({ unit: fc.constantFrom(...'[]{}"\\:,_') }),
)

/** One level of nesting: the text before and after the next level, with siblings. */
const level = fc.oneof(
  fc.constant(['[', ']'] as const),
  tricky.map((key) => [`{${JSON.stringify(`k${key}`)}:`, '}'] as const),
  tricky.map((text) => [`[${JSON.stringify(text)},`, ',0]'] as const),
  tricky.map((text) => [`{"a":${JSON.stringify(text)},"b":`, ',"c":0}'] as const),
)

const build = (levels: readonly (readonly [string, string])[]) =>
  levels.reduceRight((inner, [before, behind]) => `${before}${inner}${behind}`, '0')

/** Writes each character as it is, or as a JSON escape. */
const written = (text: string, escaped: readonly boolean[]) =>
  [...text]
    .map((char, at) => (escaped[at] ? `\\u00${char.charCodeAt(0).toString(16)}` : char))
    .join('')

const proto = fc
  .array(fc.boolean(), { minLength: 9, maxLength: 9 })
  .map((escaped) => `"${written('__proto__', escaped)}"`)

/** A value as text that may contain `__proto__` keys, and the value without them. */
interface Poisoned {
  readonly text: string
  readonly clean: unknown
}

const { poisoned } = fc.letrec<{ poisoned: Poisoned }>((tie) => ({
  poisoned: fc.oneof(
    { depthSize: 'small', withCrossShrink: true },
    json.map((clean) => ({ text: JSON.stringify(clean), clean })),
    fc
      .constantFrom('"__proto__"', '"\\u005f_proto__"')
      .map((text) => ({ text, clean: '__proto__' })),
    fc.array(tie('poisoned')).map((items) => ({
      text: `[${items.map(({ text }) => text)}]`,
      clean: items.map(({ clean }) => clean),
    })),
    fc
      .tuple(fc.dictionary(fc.string(), tie('poisoned')), proto, tie('poisoned'), fc.boolean())
      .map(([fields, key, poison, first]) => {
        const good = Object.entries(fields).filter(([name]) => name !== '__proto__')
        const texts = good.map(([name, { text }]) => `${JSON.stringify(name)}:${text}`)
        const bad = `${key}:${poison.text}`
        return {
          text: `{${(first ? [bad, ...texts] : [...texts, bad]).join()}}`,
          clean: Object.fromEntries(good.map(([name, { clean }]) => [name, clean])),
        }
      }),
  ),
}))

describe('the JSON codec', () => {
  test.prop([fc.array(level, { minLength: DEEPEST - 8, maxLength: DEEPEST + 8 })], runs)(
    'decodes up to 64 levels of nesting, and rejects deeper texts',
    (levels) => {
      const text = build(levels)
      const expected =
        levels.length <= DEEPEST ? { value: JSON.parse(text) } : { code: 'bad-frame' }
      expect(decoded(text)).toEqual(expected)
    },
  )

  test.prop([json], runs)('decodes what it encoded', (value) => {
    expect(decoded(jsonCodec.encode(value))).toEqual({ value })
  })

  test.prop([fc.array(json, { minLength: 1 })], runs)('decodes what it joined', (values) => {
    const joined = jsonCodec.join(values.map((value) => jsonCodec.encode(value)))
    expect(decoded(joined)).toEqual({ value: values })
  })

  test.prop([poisoned], runs)(
    'removes every __proto__ key, and nothing else',
    ({ text, clean }) => {
      expect(decoded(text)).toEqual({ value: clean })
      expectNoProto(jsonCodec.decode(text))
      expectPristine()
    },
  )

  const noise = fc.oneof(
    tricky,
    fc.tuple(fc.json(), fc.nat(), tricky).map(([text, at, more]) => {
      const index = at % (text.length + 1)
      return text.slice(0, index) + more + text.slice(index)
    }),
  )
  const harmless = noise.filter((text) => !text.includes('__proto__'))
  test.prop([harmless], { numRuns: 2_000 })(
    'decodes any text like JSON.parse, or rejects it',
    (text) => {
      let expected: unknown
      try {
        expected = { value: JSON.parse(text) }
      } catch {
        expected = { code: 'bad-frame' }
      }
      expect(decoded(text)).toEqual(expected)
    },
  )
})
