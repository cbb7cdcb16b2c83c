import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { TemplateTable } from '../../src/contract/names/template-table.ts'

const tableOf = (...texts: readonly string[]): TemplateTable => new TemplateTable(texts, 'channels')

/** Returns the template that counts for a name, of a contract with some templates. */
const found = (name: string, ...texts: readonly string[]): string | undefined =>
  tableOf(...texts).find(name)?.text

describe('a template', () => {
  it('fits names part by part', () => {
    expect(found('shop:42', 'shop:{id}')).toBe('shop:{id}')
    expect(found('shop:42:log', 'shop:{id}')).toBeUndefined()
    expect(found('shop', 'shop:{id}')).toBeUndefined()
    expect(found('Shop:42', 'shop:{id}')).toBeUndefined()
  })

  it('takes no empty value, and one with a slash', () => {
    expect(found('shop:', 'shop:{id}')).toBeUndefined()
    expect(found('doc:a/b:page/1/2', 'doc:{id}:page/{page}')).toBe('doc:{id}:page/{page}')
    expect(found('doc:1:page/', 'doc:{id}:page/{page}')).toBeUndefined()
  })

  it('takes parameters between texts', () => {
    expect(found('a-b-c', '{x}-{y}')).toBe('{x}-{y}')
    expect(found('ab', '{x}{y}')).toBe('{x}{y}')
    expect(found('a', '{x}{y}')).toBeUndefined()
    expect(found('x12y', 'x{a}y')).toBe('x{a}y')
    expect(found('xy', 'x{a}y')).toBeUndefined()
    // The two texts of the template would overlap in this name.
    expect(found('aba', 'ab{x}ba')).toBeUndefined()
  })

  it('is not the name of a family', () => {
    expect(found('agent:*', 'agent:{id}')).toBeUndefined()
    expect(found('agent:*', 'agent:{id}', 'agent:*')).toBe('agent:*')
  })

  it('of a family counts for the members that no other template fits, of the nearest family', () => {
    const texts = ['agent:*', 'agent:{id}:log', 'agent:x:*', 'agent:y']
    expect(found('agent:7', ...texts)).toBe('agent:*')
    expect(found('agent:7:a:b', ...texts)).toBe('agent:*')
    expect(found('agent:7:log', ...texts)).toBe('agent:{id}:log')
    expect(found('agent:x:7', ...texts)).toBe('agent:x:*')
    expect(found('agent:y', ...texts)).toBe('agent:y')
    expect(found('agent:z:*', ...texts)).toBe('agent:*')
    for (const none of ['agent', 'agent:', 'agent:{id}', 'agents:7', '*']) {
      expect(found(none, ...texts)).toBeUndefined()
    }
  })

  it('without parameters is only its own name, and counts before any other', () => {
    expect(found('entity:Task', 'entity:{name}', 'entity:Task')).toBe('entity:Task')
    expect(found('entity:Note', 'entity:{name}', 'entity:Task')).toBe('entity:{name}')
  })

  it('counts before another by the first part in which they differ', () => {
    const texts = ['{a}:x:y', 'p:{b}:y', 'p:{b}:{c}']
    expect(found('p:x:y', ...texts)).toBe('p:{b}:y')
    expect(found('p:x:z', ...texts)).toBe('p:{b}:{c}')
    expect(found('q:x:y', ...texts)).toBe('{a}:x:y')
  })
})

describe('templates of one contract', () => {
  const decided = [
    ['a:{x}:p', 'a:{y}:q'],
    ['a:{x}', 'a:{x}:{y}'],
    ['a:{x}', 'a:b'],
    ['a:x-{x}', 'a:y-{x}'],
    ['a:{x}-x', 'a:{x}-y'],
    ['a:{x}:{y}', 'a:{z}:log'],
    ['a:{x}', 'a:*'],
  ] as const
  it('have no names with braces', () => {
    expect(tableOf('shop:{id}', '{any}').find('shop:{id}')).toBeUndefined()
    expect(tableOf('{any}').find('{any}')).toBeUndefined()
  })

  it.each(decided)('may be %s and %s', (one, other) => {
    expect(() => tableOf(one, other)).not.toThrow()
  })

  const undecided = [
    ['a:{x}', 'a:{y}'],
    ['a:{x}', 'a:x-{x}'],
    ['a:x{x}', 'a:{x}x'],
    ['a:{x}{y}', 'a:{x}'],
    ['{x}:b', '{y}:b'],
  ] as const
  it.each(undecided)('are not %s and %s, of which nothing decides which counts', (one, other) => {
    expect(() => tableOf(one, 'z:{z}', other)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'channels' } }),
    )
    expect(() => tableOf(one, other)).toThrow(/nothing decides which counts/)
  })

  const mistakes = [
    ['', /is empty/],
    ['a\n', /control character/],
    ['a:{}', /without a name/],
    ['a:{x}:{x}', /parameter x twice/],
    ['a:{x', /brace without its pair/],
    ['a:x}', /brace without its pair/],
    ['a:{x:y}', /brace without its pair/],
    ['a:{x{y}}', /brace without its pair/],
    ['*', /has a "\*"/],
    ['a:*:b', /has a "\*"/],
    ['a:x*', /has a "\*"/],
  ] as const
  it.each(mistakes)('are not %j', (text, reason) => {
    expect(() => tableOf(text)).toThrow(reason)
  })

  it('list a family that one of them has members in', () => {
    const table = tableOf('agent:{id}:log', '{kind}:x:y', 'news')
    expect(table.lists('agent:*')).toBe(true)
    expect(table.lists('agent:7:*')).toBe(true)
    expect(table.lists('agent:7:log:*')).toBe(false)
    expect(table.lists('other:x:*')).toBe(true)
    expect(table.lists('other:z:*')).toBe(false)
    expect(tableOf('news').lists('news:*')).toBe(false)
  })
})

describe('a table of templates', () => {
  it('finds a name that it has met before', () => {
    const table = tableOf('shop:{id}')
    expect(table.find('shop:1')).toBe(table.find('shop:1'))
  })

  it('finds every name, however many it meets', () => {
    const table = tableOf('shop:{id}', 'till:{id}')
    for (let at = 0; at < 3_000; at++) expect(table.find(`shop:${at}`)?.text).toBe('shop:{id}')
    expect(table.find('shop:0')?.text).toBe('shop:{id}')
    expect(table.find('till:0')?.text).toBe('till:{id}')
  })

  it.each(['__proto__', 'constructor', 'toString:1', '__proto__:x'])('does not list %s', (name) => {
    expect(tableOf('shop:{id}', 'news').find(name)).toBeUndefined()
  })

  it('lists names of its own that objects have as well', () => {
    const table = tableOf('__proto__', 'constructor:{id}')
    expect(table.find('__proto__')?.text).toBe('__proto__')
    expect(table.find('constructor:1')?.text).toBe('constructor:{id}')
  })

  it('finds the template of a hostile name in time proportional to its length', () => {
    const table = tableOf(`${Array.from({ length: 12 }, (_, at) => `{p${at}}`).join('/')}!`)
    // A pattern that backtracks would try more ways than a test can wait for.
    expect(table.find('/'.repeat(250))).toBeUndefined()
  })
})

/** Whether a template fits a name, by trying every length of every parameter. */
function slowlyFits(template: string, name: string): boolean {
  const param = /^\{[^}]*\}/.exec(template)?.[0]
  if (param === undefined) {
    if (template === '' || name === '') return template === name
    return template[0] === name[0] && slowlyFits(template.slice(1), name.slice(1))
  }
  const rest = template.slice(param.length)
  for (let length = 1; length <= name.length && name[length - 1] !== ':'; length++) {
    if (slowlyFits(rest, name.slice(length))) return true
  }
  return false
}

/** Returns the template that counts, by the rule of the first part in which two differ. */
function slowlyFound(texts: readonly string[], name: string): string | undefined {
  const fitting = texts.filter((text) => slowlyFits(text, name))
  const shapes = fitting.map((text) => text.split(':'))
  const wins = (at: number): boolean =>
    shapes.every((other) => {
      const own = shapes[at] ?? []
      const differing = own.findIndex(
        (part, index) => part.replace(/\{.*?\}/g, '{}') !== other[index]?.replace(/\{.*?\}/g, '{}'),
      )
      return differing < 0 || !own[differing]?.includes('{')
    })
  return fitting.find((_, at) => wins(at))
}

const piece = fc.constantFrom('a', 'b', '/', '{}', '{}')
const templateText = fc
  .array(fc.array(piece, { minLength: 1, maxLength: 3 }), { minLength: 1, maxLength: 3 })
  .map((parts) => {
    let count = 0
    return parts.map((pieces) => pieces.join('').replace(/\{\}/g, () => `{p${count++}}`)).join(':')
  })
const channelText = fc
  .array(fc.array(fc.constantFrom('a', 'b', '/'), { maxLength: 5 }), { minLength: 1, maxLength: 3 })
  .map((parts) => parts.map((pieces) => pieces.join('')).join(':'))

describe('finding a template', () => {
  test.prop([fc.uniqueArray(templateText, { minLength: 1, maxLength: 5 }), fc.array(channelText)], {
    numRuns: 1_000,
  })('has the result of trying every template in every way', (texts, names) => {
    let table: TemplateTable
    try {
      table = tableOf(...texts)
    } catch {
      // Some two of them are undecided, which the next property is about.
      return
    }
    for (const name of [...names, ...names])
      expect(table.find(name)?.text).toBe(slowlyFound(texts, name))
  })

  test.prop([templateText, templateText, fc.array(channelText, { minLength: 5 })], {
    numRuns: 1_000,
  })('is decided for every name of two templates that are taken', (one, other, names) => {
    fc.pre(one !== other)
    let taken = true
    try {
      tableOf(one, other)
    } catch {
      taken = false
    }
    if (!taken) return
    for (const name of names) {
      const both = slowlyFits(one, name) && slowlyFits(other, name)
      if (both) expect(slowlyFound([one, other], name)).toBeDefined()
    }
  })
})
