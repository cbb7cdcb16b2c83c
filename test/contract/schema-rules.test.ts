import { type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import type { ContractSchemas, StandardSchemaV1 } from 'wirefold/contract'
import { contract, entityEvents, unchecked } from 'wirefold/contract'
import { z } from 'zod'
import type { ContractRules } from '../../src/ports/contract-rules.ts'

const rulesOf = (parts: ContractSchemas): ContractRules => {
  const { rules } = contract(parts)['~wirefold'] ?? {}
  if (!rules) throw new TypeError('The contract has no rules.')
  return rules
}

/** Returns a schema that answers with what a function returns, or fails with what it throws. */
const schemaOf = (validate: (value: unknown) => unknown): StandardSchemaV1 => ({
  // A schema of an application may break the standard.
  '~standard': { version: 1, vendor: 'test', validate: validate as never },
})

const libraries = {
  zod: z.object({ id: z.string(), at: z.string().transform(Number) }),
  valibot: v.object({ id: v.string(), at: v.pipe(v.string(), v.transform(Number)) }),
  arktype: type({ id: 'string', at: 'string.numeric.parse' }),
}

describe.each(Object.entries(libraries))('an event with a schema of %s', (_, order) => {
  const rules = rulesOf({ channels: { 'shop:{id}': { order } } })

  it('is checked, and its output is returned at once', () => {
    const verdict = rules.checkEvent('shop:42', 'order', { id: 'a', at: '7' })
    expect(verdict).toEqual({ value: { id: 'a', at: 7 } })
  })

  it('is refused by path, without its value', () => {
    const verdict = rules.checkEvent('shop:42', 'order', { id: { secret: 'hunter2' }, at: '7' })
    expect(verdict).toMatchObject({ paths: [['id']], issues: [{}] })
    expect(JSON.stringify('paths' in verdict && verdict.paths)).not.toContain('hunter2')
  })

  it('is not changed', () => {
    const sent = { id: 'a', at: '7' }
    rules.checkEvent('shop:42', 'order', sent)
    expect(sent).toEqual({ id: 'a', at: '7' })
  })
})

describe('a name that a contract does not have', () => {
  const schema = z.string()
  // Applications in JavaScript.
  const make = (parts: object) => () => contract(parts as ContractSchemas)

  it.each([
    [{ channels: {}, presense: { room: schema } }, 'presense'],
    [{ requests: { cancel: { paylod: schema, reply: schema } } }, 'paylod'],
  ])('is refused: %o', (parts, option) => {
    expect(make(parts)).toThrow(expect.objectContaining({ code: 'bad-option', detail: { option } }))
  })

  it('may stand there with the value undefined', () => {
    expect(
      make({ requests: { cancel: { payload: undefined } }, presence: undefined }),
    ).not.toThrow()
  })

  it.each([null, 5, 'shop', []])(
    'is no matter where the contract is %j, which is refused',
    (parts) => {
      const expected = { code: 'bad-option', detail: { option: 'contract' } }
      expect(make(parts as object)).toThrow(expect.objectContaining(expected))
    },
  )

  it.each([null, 'shop', 1])('is no matter where a part is %j, which is refused', (part) => {
    for (const name of ['channels', 'requests', 'presence']) {
      expect(make({ [name]: part })).toThrow(
        expect.objectContaining({ code: 'bad-option', detail: { option: name } }),
      )
    }
  })
})

describe('the rules of a contract', () => {
  const schema = z.object({ id: z.string() })
  const rules = rulesOf({
    channels: { 'shop:{id}': { order: schema }, 'shop:main': { till: schema } },
    requests: { cancel: { payload: schema, reply: z.number() }, list: { reply: z.number() } },
    presence: { 'room/{name}': schema },
  })

  it('choose a schema by the template that counts for the channel', () => {
    expect(rules.checkEvent('shop:1', 'order', 1)).toHaveProperty('issues')
    expect(rules.checkEvent('shop:main', 'order', 1)).toEqual({ value: 1, unlisted: true })
    expect(rules.checkEvent('shop:main', 'till', 1)).toHaveProperty('issues')
  })

  it('mark types that the contract does not have', () => {
    expect(rules.checkEvent('shop:1', 'refund', 1)).toEqual({ value: 1, unlisted: true })
    expect(rules.checkRequest('refund', 1)).toEqual({ value: 1, unlisted: true })
    expect(rules.checkReply('constructor', 1)).toEqual({ value: 1, unlisted: true })
  })

  it('leave alone what has no schema', () => {
    expect(rules.checkEvent('user:1', 'order', 1)).toEqual({ value: 1 })
    expect(rules.checkRequest('list', 1)).toEqual({ value: 1 })
    expect(rules.checkMeta('elsewhere', 1)).toEqual({ value: 1 })
  })

  it('check payloads, replies and metas', () => {
    expect(rules.checkRequest('cancel', { id: 1 })).toMatchObject({ paths: [['id']] })
    expect(rules.checkReply('list', 'x')).toMatchObject({ paths: [[]] })
    expect(rules.checkMeta('room/1', {})).toMatchObject({ paths: [['id']] })
  })

  it('list the channels of the templates and of the protocol', () => {
    const listed = ['shop:1', 'shop:*', 'user:1', 'presence:anything', 'presence:*']
    expect(listed.filter((name) => !rules.lists(name))).toEqual([])
    const others = ['shop', 'shop:', 'shop:1:2', 'till:1', '__proto__', 'users:1']
    expect(others.filter((name) => rules.lists(name))).toEqual([])
    expect([rules.listsResource('room/1'), rules.listsResource('room:1')]).toEqual([true, false])
  })

  it('list every name of a part that the contract leaves out', () => {
    const few = rulesOf({ requests: {} })
    expect([few.lists('anything'), few.listsResource('anything')]).toEqual([true, true])
    expect(few.checkEvent('anything', 'x', 1)).toEqual({ value: 1 })
  })

  it.each(['__proto__', 'constructor', 'toString', 'shop:{id}'])(
    'do not know the type %s',
    (name) => {
      expect(rules.checkEvent('shop:1', name, 1)).toEqual({ value: 1, unlisted: true })
      expect(rules.checkRequest(name, 1)).toEqual({ value: 1, unlisted: true })
    },
  )
})

describe.each(Object.entries(libraries))('the events of an entity of %s', (_, order) => {
  const rules = rulesOf({ channels: { 'entity:Order': entityEvents(order) } })
  const change = { id: 'a', entityName: 'Order', userId: null }

  it('hold the output of the row', () => {
    const data = { id: 'a', at: '7' }
    expect(rules.checkEvent('entity:Order', 'entity:created', { ...change, data })).toEqual({
      value: { ...change, data: { id: 'a', at: 7 } },
    })
  })

  it('are refused by the path within the row', () => {
    const data = { id: 1, at: '7' }
    expect(rules.checkEvent('entity:Order', 'entity:updated', { ...change, data })).toMatchObject({
      paths: [['data', 'id']],
      issues: [{ message: expect.any(String) }],
    })
  })
})

describe('a schema', () => {
  const verdictOf = (schema: StandardSchemaV1, value: unknown = 1) =>
    rulesOf({ channels: { a: { b: schema } } }).checkEvent('a', 'b', value)

  it('that throws is an issue without a path', () => {
    const schema = schemaOf(() => {
      throw new Error('no database')
    })
    expect(verdictOf(schema)).toEqual({
      issues: [{ message: 'The schema failed: no database' }],
      paths: [[]],
    })
  })

  it('that rejects is an issue without a path', async () => {
    const rejecting = schemaOf(() => Promise.reject(new Error('no database')))
    expect(await verdictOf(rejecting)).toMatchObject({ issues: [{}], paths: [[]] })
  })

  it.each([undefined, null, 1, []])('that returns %j is an issue', (result) => {
    expect(verdictOf(schemaOf(() => result))).toMatchObject({ paths: [[]] })
  })

  it('may return its result later', async () => {
    const later = z.string().refine(async (text) => text !== 'taken')
    const verdict = verdictOf(later, 'taken')
    expect(verdict).toBeInstanceOf(Promise)
    expect(await verdict).toMatchObject({ paths: [[]] })
    expect(await verdictOf(later, 'free')).toEqual({ value: 'free' })
  })

  it('that is typed only accepts every value', () => {
    expect(verdictOf(unchecked<number>(), 'text')).toEqual({ value: 'text' })
  })

  it.each([undefined, 1, 'string', {}, { '~standard': {} }])('is not %j', (value) => {
    const parts = { channels: { 'shop:{id}': { order: value } } }
    // An application in JavaScript.
    const make = () => contract(parts as unknown as ContractSchemas)
    if (value === undefined) return expect(make).not.toThrow()
    return expect(make).toThrow(/no schema at channels → shop:\{id\} → order/)
  })

  it('gives bounded paths to the peer, and all issues locally', () => {
    const long = 'k'.repeat(63)
    const deep = Array.from({ length: 30 }, (_, at) => at)
    const issues = [
      { message: '1', path: [{ key: 'row' }, 3, Symbol('s'), `${long}😀`] },
      { message: '2', path: deep },
      ...Array.from({ length: 20 }, () => ({ message: 'x', path: ['__proto__'] })),
    ]
    const verdict = verdictOf(schemaOf(() => ({ issues })))
    if (verdict instanceof Promise || !verdict.issues) throw new TypeError('expected issues')
    expect(verdict.issues).toHaveLength(22)
    expect(verdict.paths).toHaveLength(8)
    expect(verdict.paths[0]).toEqual(['row', 3, 'Symbol(s)', long])
    expect(verdict.paths[1]).toEqual(deep.slice(0, 8))
    expect(verdict.paths[2]).toEqual(['__proto__'])
  })

  it('sees a __proto__ of JSON as it came', () => {
    const seen: unknown[] = []
    verdictOf(
      schemaOf((value) => {
        seen.push(value)
        return { value }
      }),
      JSON.parse('{"__proto__":{"admin":true},"id":1}'),
    )
    expect(Object.hasOwn(seen[0] as object, '__proto__')).toBe(true)
    expect(seen[0]).not.toHaveProperty('admin')
  })
})
