import { scope, type } from 'arktype'
import * as v from 'valibot'
import { describe, expect, it } from 'vitest'
import type { ContractSchemas, StandardSchemaV1 } from 'wirefold/contract'
import { asyncapi, contract, entityEvents, unchecked } from 'wirefold/contract'
import { z } from 'zod'

const fingerprint = (parts: ContractSchemas): string => contract(parts).fingerprint

const order = z.object({ id: z.string(), count: z.number() })
const base = {
  channels: { 'shop:{id}': { order }, news: { headline: z.string() } },
  requests: { cancel: { payload: order, reply: z.number() }, ping: {} },
  presence: { 'room/{name}': z.string() },
} satisfies ContractSchemas

describe('the fingerprint of a contract', () => {
  it('is 16 hex digits', () => {
    expect(fingerprint(base)).toMatch(/^[0-9a-f]{16}$/)
  })

  it('does not depend on the order of names', () => {
    const { channels, presence } = base
    const turned = {
      presence,
      requests: { ping: {}, cancel: { reply: z.number(), payload: order } },
      channels: Object.fromEntries(Object.entries(channels).reverse()),
    }
    expect(fingerprint(turned)).toBe(fingerprint(base))
  })

  it('does not depend on how a schema is written', () => {
    const same = z.object({ count: z.number(), id: z.string() })
    expect(fingerprint({ channels: { a: { b: same } } })).toBe(
      fingerprint({ channels: { a: { b: order } } }),
    )
  })

  it('does not depend on the names of definitions, which a library may count', () => {
    const tree = () => type({ name: 'string', 'sub?': 'this' })
    const names = () => scope({ node: { name: 'string', 'of?': 'list' }, list: 'node[]' }).export()
    expect(ofSchema(tree())).toBe(ofSchema(tree()))
    expect(ofSchema(names().node)).toBe(ofSchema(names().node))
    expect(ofSchema(names().list)).not.toBe(ofSchema(names().node))
    expect(ofSchema(type({ name: 'number', 'sub?': 'this' }))).not.toBe(ofSchema(tree()))
    const address = (id: string, text: z.ZodType) => {
      const part = z.object({ text }).meta({ id })
      return ofSchema(z.object({ home: part, work: part }))
    }
    expect(address('A', z.string())).toBe(address('B', z.string()))
    expect(address('C', z.number())).not.toBe(address('D', z.string()))
  })

  it('does not depend on the names of definitions in a row, either', () => {
    const rows = () => contract({ channels: { a: entityEvents(type({ 'sub?': 'this' })) } })
    expect(rows().fingerprint).toBe(rows().fingerprint)
  })

  const ofSchema = (schema: StandardSchemaV1) => fingerprint({ channels: { a: { b: schema } } })

  it('does not depend on defaults, which a function may make, and on descriptions', () => {
    let made = 0
    const id = z.string().default(() => `${++made}`)
    expect(ofSchema(z.object({ id }))).toBe(ofSchema(z.object({ id: z.string().optional() })))
    expect(ofSchema(z.string().describe('A name').meta({ title: 'Name' }))).toBe(
      ofSchema(z.string()),
    )
    // Only keywords are left out: not the names of fields, nor data.
    const named = z.object({ default: z.string(), title: z.string() })
    expect(ofSchema(named)).not.toBe(ofSchema(z.object({})))
    expect(ofSchema(z.object({ default: z.string() }))).not.toBe(
      ofSchema(z.object({ default: z.number() })),
    )
  })

  it('does not depend on the order of alternatives', () => {
    expect(ofSchema(z.enum(['x', 'y']))).toBe(ofSchema(z.enum(['y', 'x'])))
    expect(ofSchema(z.union([z.string(), z.number()]))).toBe(
      ofSchema(z.union([z.number(), z.string()])),
    )
    expect(ofSchema(z.tuple([z.string(), z.number()]))).not.toBe(
      ofSchema(z.tuple([z.number(), z.string()])),
    )
  })

  const changes: Readonly<Record<string, ContractSchemas>> = {
    'a template': { ...base, channels: { 'shop:{id}': { order } } },
    'the type of an event': {
      ...base,
      channels: { ...base.channels, news: { title: z.string() } },
    },
    'a request without schemas': { ...base, requests: { cancel: { payload: order } } },
    'a schema': { ...base, presence: { 'room/{name}': z.number() } },
    'the part of a name': { ...base, presence: {}, channels: { ...base.channels, x: {} } },
  }
  it.each(Object.entries(changes))('changes with %s', (_, parts) => {
    expect(fingerprint(parts)).not.toBe(fingerprint(base))
  })

  it('is made of the schemas of zod and arktype, by what they accept', () => {
    const zod = (schema: z.ZodType) => fingerprint({ channels: { a: { b: schema } } })
    expect(zod(z.string())).not.toBe(zod(z.number()))
    expect(zod(z.string().transform(Number))).toBe(zod(z.string()))
    const ark = (schema: StandardSchemaV1) => fingerprint({ channels: { a: { b: schema } } })
    expect(ark(type('string'))).not.toBe(ark(type('number')))
  })

  it('is made of names alone where the library has no JSON Schema', () => {
    const parts = (schema: StandardSchemaV1) => ({ channels: { a: { b: schema } } })
    expect(fingerprint(parts(v.string()))).toBe(fingerprint(parts(unchecked())))
    expect(fingerprint(parts(z.bigint()))).toBe(fingerprint(parts(v.string())))
  })

  it('is made of names alone where JSON cannot hold the JSON Schema', async () => {
    const cyclic: Record<string, unknown> = {}
    cyclic.self = { again: cyclic }
    for (const json of [cyclic, { maximum: 5n }]) {
      const { validate } = z.string()['~standard']
      const jsonSchema = { input: () => json, output: () => json }
      const schema = { '~standard': { version: 1, vendor: 'x', validate, jsonSchema } } as const
      expect(ofSchema(schema)).toBe(ofSchema(unchecked()))
      const { components } = asyncapi(contract({ channels: { a: { b: schema } } }))
      expect(components.schemas).toEqual({})
    }
  })

  it('is made when it is asked for, and once', () => {
    let calls = 0
    const { validate } = z.string()['~standard']
    const input = () => {
      calls += 1
      return {}
    }
    const schema: StandardSchemaV1 = {
      '~standard': { version: 1, vendor: 'x', validate, jsonSchema: { input, output: input } },
    }
    const made = contract({ channels: { a: { b: schema } } })
    expect(calls).toBe(0)
    expect(made.fingerprint).toBe(made['~wirefold']?.fingerprint)
    expect(calls).toBe(1)
  })

  it('is given to a contract of types, or there is none', () => {
    expect(contract<{ channels: { a: { b: number } } }>({ fingerprint: '2026-11' })).toMatchObject({
      fingerprint: '2026-11',
      '~wirefold': { fingerprint: '2026-11' },
    })
    const none = contract<{ channels: { a: { b: number } } }>()
    expect([none.fingerprint, none['~wirefold']?.fingerprint]).toEqual(['', undefined])
  })
})
