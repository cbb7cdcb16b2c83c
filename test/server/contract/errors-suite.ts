import { describe, expect, it } from 'vitest'
import { type Compiler, compiled, compilers } from '../../contract/compiled-program.ts'

const SHOP = `
import { contract, unchecked } from 'wirefold/contract'
import type { RealtimeServer } from 'wirefold/server'
interface Order { id: string; at: string }
const parts = contract({
  channels: { 'shop:{id}': { order: unchecked<Order>() }, 'agent:{id}': { line: unchecked<string>() } },
  requests: { 'order:cancel': { payload: unchecked<Order>(), reply: unchecked<Order>() }, log: {} },
})
type Parts = typeof parts
interface Shop extends Parts {}
declare const server: RealtimeServer<Shop>
`

/** Wrong lines, where in them the error is, and the end of its message. */
const WRONG = [
  [
    `server.handle('order:cancle', () => {})`,
    `'order:cancle'`,
    `Argument of type '"order:cancle"' is not assignable to parameter of type '"log" | "order:cancel"'.`,
  ],
  [
    `server.handle('order:cancel', async ({ id }) => ({ id }))`,
    `({ id })`,
    `Property 'at' is missing in type '{ id: string; }' but required in type 'Order'.`,
  ],
  [
    `server.publish('shop:42', 'order', { id: '' })`,
    `{ id: '' }`,
    `Property 'at' is missing in type '{ id: string; }' but required in type 'Order'.`,
  ],
  [
    `server.publish('shp:42', 'order', { id: '', at: '' })`,
    `'shp:42'`,
    `Argument of type '"shp:42"' is not assignable to parameter of type '"agent:{id}" | "shop:{id}"'.`,
  ],
  [
    `server.handle('log', (_, { publish }) => void publish('agent:*', 'line', ''))`,
    `'agent:*'`,
    `Argument of type '"agent:*"' is not assignable to parameter of type '"Events are published to a member of agent:*"'.`,
  ],
] as const

/** Declares the tests of the errors that one compiler reports for wrong calls of a server. */
export function serverErrorsSuite(version: Compiler): void {
  describe('the types of a server with a contract', () => {
    const program = { compiler: compilers[version], options: { types: ['node'] } }

    it(`say what is wrong and at which place, in the words of ${version}`, () => {
      const text = [SHOP.trim(), ...WRONG.map(([line]) => line)].join('\n')
      const output = compiled({ ...program, files: { 'wrong.ts': text } })
      const first = SHOP.trim().split('\n').length + 1
      const errors = output.matchAll(/^wrong\.ts\((\d+),(\d+)\): error TS\d+: (.*(?:\n {2}.*)*)$/gm)
      const found = Array.from(errors, ([, line, column, message = '']) => {
        const [source = ''] = WRONG[Number(line) - first] ?? []
        return [source, source.slice(Number(column) - 1), sorted(message)]
      })
      expect(found).toEqual(
        WRONG.map(([source, place, message]) => [
          source,
          source.slice(source.lastIndexOf(place)),
          expect.stringContaining(message),
        ]),
      )
    })
  })
}

/** The compilers differ in the order of alternatives. */
function sorted(message: string): string {
  return message.replace(/"[^"]*"(?: \| "[^"]*")+/g, (union) =>
    union.split(' | ').sort().join(' | '),
  )
}
