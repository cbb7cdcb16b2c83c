import { readFileSync } from 'node:fs'
import { Ajv } from 'ajv'
import { describe, expect, it } from 'vitest'
import { nativeServer } from 'wirefold/server'
import { clientMessages, serverFrames, timestamp } from '../dialects/native/golden.ts'
import { blocksIn } from './blocks.ts'
import { played, type WireMessage } from './exchanges.ts'

const schemaOf = (side: string) =>
  JSON.parse(readFileSync(`docs/protocol/${side}.schema.json`, 'utf8'))
const validatorOf = (side: string) =>
  new Ajv({ strictTypes: false, strictTuples: false }).compile(schemaOf(side))
const isOfClient = validatorOf('client')
const isOfServer = validatorOf('server')
const wireOf = (text: string): unknown => JSON.parse(text)

describe('the JSON Schema of a client', () => {
  it.each(clientMessages.map(([, text]) => text))('has %s, which the client sends', (text) => {
    expect(isOfClient(wireOf(text)), JSON.stringify(isOfClient.errors)).toBe(true)
    expect(isOfClient([wireOf(text)])).toBe(true)
    expect(nativeServer.decode(wireOf(text))).not.toMatchObject([{ kind: 'malformed' }])
  })

  it.each([
    '7',
    '{"payload":{}}',
    '{"type":""}',
    '{"type":7}',
    `{"type":"${'x'.repeat(129)}"}`,
    '{"type":"a\\ud800"}',
    '{"type":"order:place","requestId":7}',
    '{"type":"order:place","requestId":""}',
    '{"type":"order:place","requestId":"r","id":""}',
    '{"type":"order:place","requestId":"r","channel":7}',
    '{"type":"hello","payload":{"protocol":"1"}}',
    '{"type":"hello","payload":{"clientId":""}}',
    '{"type":"hello","payload":{"token":7}}',
    '{"type":"auth","requestId":"r"}',
    '{"type":"auth","payload":{"token":"t"}}',
    '{"type":"subscribe","payload":{"channels":["a"]}}',
    '{"type":"subscribe","requestId":"r","payload":{}}',
    '{"type":"subscribe","requestId":"r","payload":{"channels":"a"}}',
    '{"type":"subscribe","requestId":"r","payload":{"since":[["e"]]}}',
    '{"type":"unsubscribe","requestId":"r","payload":{}}',
    '{"type":"publish","requestId":"r","payload":{"type":"note"}}',
    '{"type":"publish","requestId":"r","channel":"a","payload":{}}',
    '{"type":"publish","requestId":"r","channel":"a","payload":{"type":"welcome"}}',
    '{"type":"presence:join","requestId":"r"}',
  ])('refuses %s, as the server does', (text) => {
    expect(isOfClient(wireOf(text))).toBe(false)
    expect(nativeServer.decode(wireOf(text))).toMatchObject([{ kind: 'malformed' }])
  })
})

describe('the JSON Schema of a server', () => {
  const texts = serverFrames.flatMap((frame) => nativeServer.encode(frame, timestamp) ?? [])

  it.each(texts.map(String))('has %s, which the server sends', (text) => {
    expect(isOfServer(wireOf(text)), JSON.stringify(isOfServer.errors)).toBe(true)
    expect(isOfServer([wireOf(text)])).toBe(true)
  })

  it.each([
    '7',
    '{"payload":{}}',
    '{"type":"welcome"}',
    '{"type":"welcome","payload":{"limits":{}}}',
    '{"type":"welcome","payload":{"connectionId":"c","limits":{"dedupeMs":"10"}}}',
    '{"type":"error","payload":{"message":"No."}}',
    '{"type":"subscribed","requestId":"r","payload":{"at":{"a":["e"]}}}',
    '{"type":"subscribed","requestId":"r","payload":{"at":{"a":["e","1"]}}}',
    '{"type":"subscribed","payload":{"at":{}}}',
    '{"type":"unsubscribed"}',
    '{"type":"reply"}',
    '{"type":"reply","requestId":"r","at":[{"channel":"a"}]}',
    '{"type":"pong"}',
    '{"type":"goaway","payload":{"windowMs":1}}',
    '{"type":"part","payload":{}}',
    '{"type":"auth:expiring","payload":{}}',
    '{"type":"presence:join","channel":"presence:a","payload":{}}',
    '{"type":"presence:sync","channel":"presence:a","payload":{"users":[{"id":"ada"}]}}',
    '{"type":"presence:join","channel":"presence:a","payload":{"user":{"id":"ada","lastSeen":1.5}}}',
    '{"type":"sold"}',
    '{"type":"sold","channel":""}',
    '{"type":"sold","channel":"a","offset":0}',
    '{"type":"sold","channel":"a","offset":1.5}',
  ])('refuses %s', (text) => {
    expect(isOfServer(wireOf(text))).toBe(false)
  })
})

/** Returns the names of all fields of a schema. */
function fieldsOf(schema: unknown): readonly string[] {
  if (typeof schema !== 'object' || schema === null) return []
  return Object.entries(schema).flatMap(([key, inner]) => [
    ...(key === 'properties' ? Object.keys(inner) : []),
    ...fieldsOf(inner),
  ])
}

describe('the schemas of both', () => {
  it.each(['client', 'server'])('have no field of a %s that the page lacks', (side) => {
    const page = readFileSync('docs/protocol.md', 'utf8')
    const code = [...page.matchAll(/`[^`]+`/g)].join('\n')
    const missing = fieldsOf(schemaOf(side)).filter((field) => !RegExp(`\\b${field}\\b`).test(code))
    expect(missing).toEqual([])
  })

  it('have every message of the exchanges with a real server', async () => {
    const page = 'docs/protocol/exchanges.md'
    const seen: WireMessage[] = []
    const blocks = blocksIn(page, readFileSync(page, 'utf8'))
    await Promise.all(blocks.map(({ code }) => played(code, (message) => seen.push(message))))
    const wrong = seen.filter(({ by, message }) => {
      return !(by === 'client' ? isOfClient : isOfServer)(message)
    })
    // The page shows one malformed message.
    expect(wrong.map(({ message }) => message)).toEqual([
      { type: 'subscribe', requestId: 'r1', payload: { channels: 'shop:42' } },
    ])
    expect(new Set(seen.map(({ by }) => by)).size).toBe(2)
  })

  it.each(['client', 'server'])('of the %s are all in the AsyncAPI document', (side) => {
    const document = readFileSync('docs/protocol/asyncapi.yaml', 'utf8')
    const messages: readonly { $ref: string }[] = schemaOf(side).definitions.message.oneOf
    const named = [...document.matchAll(/\$ref: "\.\/(\w+)\.schema\.json(#[^"]+)"/g)]
    expect(named.filter(([, of]) => of === side).map(([, , ref]) => ref)).toEqual(
      messages.map(({ $ref }) => $ref),
    )
  })
})
