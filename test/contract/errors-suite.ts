import { describe, expect, it } from 'vitest'
import { type Compiler, compiled, compilers } from './compiled-program.ts'

const SHOP = `
import { bindList, bindRecord, type ChannelSubscriber, type PresenceManager, type RealtimeClient } from 'wirefold'
import { channel, contract, unchecked } from 'wirefold/contract'
interface Order { id: string; at: string }
const parts = contract({
  channels: {
    'shop:{id}': { order: unchecked<Order>(), till: unchecked<{ total: number }>() },
    'entity:Task': { 'entity:created': unchecked<{ id: string }>() },
    'entity:{name}': { 'entity:created': unchecked<{ id: string }>() },
    'agent:{id}': { line: unchecked<string>() },
  },
  requests: {
    'order:cancel': { payload: unchecked<Order>(), reply: unchecked<Order>() },
    'task:list': { reply: unchecked<string[]>() },
  },
  presence: { 'shop:{id}': unchecked<{ typing: boolean }>() },
})
type Parts = typeof parts
interface Shop extends Parts {}
declare const shop: Shop
declare const client: RealtimeClient<Shop>
declare const channels: ChannelSubscriber<Shop>
declare const presence: PresenceManager<Shop>
declare const anyName: string
`

/** Wrong lines, where in them the error is, and its innermost message. */
const WRONG = [
  [
    `channels.subscribe('shp:42', () => {})`,
    `'shp:42'`,
    `Argument of type '"shp:42"' is not assignable to parameter of type '"agent:{id}" | "entity:Task" | "entity:{name}" | "shop:{id}"'.`,
  ],
  [
    `channels.subscribe('shop:', () => {})`,
    `'shop:'`,
    `Argument of type '"shop:"' is not assignable to parameter of type '"agent:{id}" | "entity:Task" | "entity:{name}" | "shop:{id}"'.`,
  ],
  [
    `channels.subscribe('shop:{id}', () => {})`,
    `'shop:{id}'`,
    `Argument of type '"shop:{id}"' is not assignable to parameter of type '"Put values in place of the braces of shop:{id}"'.`,
  ],
  [
    `channels.subscribe('shop:42', { ordr: () => {} })`,
    'ordr',
    `Object literal may only specify known properties, and 'ordr' does not exist in type '…'.`,
  ],
  [
    `channels.subscribe('shop:42', (_, event) => event.type === 'ordr')`,
    `event.type === 'ordr'`,
    `This comparison appears to be unintentional because the types '"order" | "till"' and '"ordr"' have no overlap.`,
  ],
  [
    `client.publish('agent:*', 'line', '')`,
    `'agent:*'`,
    `Argument of type '"agent:*"' is not assignable to parameter of type '"Events are published to a member of agent:*"'.`,
  ],
  [
    `client.publish(anyName, 'line', '')`,
    'anyName',
    `Argument of type 'string' is not assignable to parameter of type '"agent:{id}" | "entity:Task" | "entity:{name}" | "shop:{id}"'.`,
  ],
  [
    `client.publish('shop:42', 'order', { id: '' })`,
    `{ id: '' }`,
    `Property 'at' is missing in type '{ id: string; }' but required in type 'Order'.`,
  ],
  [
    `client.publish('shop:42', 'ordr', { id: '', at: '' })`,
    `'ordr'`,
    `Argument of type '"ordr"' is not assignable to parameter of type '"order" | "till"'.`,
  ],
  [
    `client.request('order:cancle', { id: '', at: '' })`,
    `'order:cancle'`,
    `Argument of type '"order:cancle"' is not assignable to parameter of type '"order:cancel" | "task:list"'.`,
  ],
  [
    `client.request('order:cancel', { id: 1, at: '' })`,
    'id',
    `Type 'number' is not assignable to type 'string'.`,
  ],
  [`client.request('order:cancel')`, 'request', 'Expected 2-3 arguments, but got 1.'],
  [
    `presence.enter('shop:42', { typing: 1 })`,
    'typing',
    `Type 'number' is not assignable to type 'boolean'.`,
  ],
  [
    `presence.enter('shp:42', { typing: true })`,
    `'shp:42'`,
    `Argument of type '"shp:42"' is not assignable to parameter of type '"shop:{id}"'.`,
  ],
  [
    `channel(shop, 'shop:{id}', {})`,
    '{}',
    `Property 'id' is missing in type '{}' but required in type 'Params<"shop:{id}">'.`,
  ],
  [
    `bindList(channels, 'entity:', { load: async () => ({ state: [] }) })`,
    `'entity:'`,
    `Argument of type '"entity:"' is not assignable to parameter of type '"agent:{id}" | "entity:Task" | "entity:{name}" | "shop:{id}"'.`,
  ],
  [
    `bindList(channels, 'shop:42', { load: async () => ({ state: [] }) })`,
    `'shop:42'`,
    `Argument of type '"shop:42"' is not assignable to parameter of type '"shop:42 has no events entity:created. See entityEvents()"'.`,
  ],
  [
    `bindList(channels, 'entity:Task', { load: async () => ({ state: [{ id: 1 }] }) })`,
    '({ state',
    `Type 'number' is not assignable to type 'string'.`,
  ],
  [
    `bindRecord(channels, 'entity:Task', { load: async () => ({ state: { id: 1 } }) })`,
    '({ state',
    `Type 'number' is not assignable to type 'string'.`,
  ],
  [
    `contract({ channels: {}, presense: { 'shop:{id}': unchecked<string>() } })`,
    'presense',
    `Type '{ 'shop:{id}': StandardSchemaV1<string, string>; }' is not assignable to type '"A contract has channels, requests and presence, not presense"'.`,
  ],
  [
    `contract({ requests: { cancel: { paylod: unchecked<string>(), reply: unchecked<string>() } } })`,
    'paylod',
    `Type 'StandardSchemaV1<string, string>' is not assignable to type '"A request has payload and reply, not paylod"'.`,
  ],
  [
    `contract({ channels: { 'shop:{id}': unchecked<string>() } })`,
    `'shop:{id}'`,
    `Type 'StandardSchemaV1<string, string>' is not assignable to type '"A channel has a schema for each type of event"'.`,
  ],
  [
    `contract({ channels: { 'shop:{id}': { order: 5 } } })`,
    'order',
    `Type 'number' is not assignable to type 'StandardSchemaV1<unknown, unknown>'.`,
  ],
  [
    `contract({ presence: { 'shop:{id}': { typing: unchecked<boolean>() } } })`,
    `'shop:{id}'`,
    `Property ''~standard'' is missing in type '{ typing: StandardSchemaV1<boolean, boolean>; }' but required in type 'StandardSchemaV1<unknown, unknown>'.`,
  ],
] as const

/** Declares the tests of the errors that one compiler reports for wrong calls of a client. */
export function errorsSuite(version: Compiler): void {
  describe('the error of a wrong call', () => {
    it(`says what is wrong and at which place, in the words of ${version}`, () => {
      const text = [SHOP.trim(), ...WRONG.map(([line]) => line)].join('\n')
      const output = compiled({ compiler: compilers[version], files: { 'wrong.ts': text } })
      const first = SHOP.trim().split('\n').length + 1
      const found = errorsOf(output).map(({ line, column, message }) => {
        const [source = ''] = WRONG[line - first] ?? []
        return [source, source.slice(column - 1), message]
      })
      expect(found).toEqual(
        WRONG.map(([source, place, message]) => [
          source,
          source.slice(source.lastIndexOf(place)),
          message,
        ]),
      )
    })
  })
}

/** Returns the errors of a compiler's output, each with its innermost message. */
function errorsOf(output: string): { line: number; column: number; message: string }[] {
  const found = output.matchAll(/^wrong\.ts\((\d+),(\d+)\): error TS\d+: (.*(?:\n {2}.*)*)$/gm)
  return [...found].map(([, line, column, text = '']) => ({
    line: Number(line),
    column: Number(column),
    message: normalized(text.split('\n').at(-1)?.trim() ?? ''),
  }))
}

/** The compilers differ in the order of alternatives, and where they cut a long type off. */
function normalized(message: string): string {
  const listed = message.replace(/"[^"]*"(?: \| "[^"]*")+/g, (union) =>
    union.split(' | ').sort().join(' | '),
  )
  return listed.replace(/does not exist in type '.*HandlerMap<.*'/, "does not exist in type '…'")
}
