import { type } from 'arktype'
import * as v from 'valibot'
import { contract, entityEvents, unchecked } from 'wirefold/contract'
import { z } from 'zod'

const Order = z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) })

/** A schema that refers to itself. */
const Node: z.ZodType<{ readonly children: readonly unknown[] }> = z.object({
  get children() {
    return z.array(Node)
  },
})

/** A contract with schemas of every library, and with what AsyncAPI has to spell in another way. */
export const described = contract({
  channels: {
    'shop:{id}': { order: Order, 'order:gone': type({ id: 'string' }), closed: z.undefined() },
    'doc:{doc id}:page/{page}': { node: Node },
    'doc:*': { any: unchecked<number>() },
    'entity:Task': entityEvents(z.object({ id: z.string(), $schema: z.string().optional() })),
    empty: {},
  },
  requests: {
    'order:cancel': { payload: v.object({ id: v.string() }), reply: Order },
    order_cancel: {},
    big: { payload: z.bigint() },
  },
  presence: { 'shop:{id}': z.object({ since: z.number() }) },
})
