import { scope } from 'arktype'
import { describe, expect, it } from 'vitest'
import { asyncapi, contract, entityEvents } from 'wirefold/contract'
import { z } from 'zod'
import { referred } from '../../src/contract/json-schema.ts'
import { asFields } from '../../src/protocol/fields.ts'
import { described } from './described-shop.ts'

const shop = contract({
  channels: { 'shop:{id}': { order: z.object({ id: z.string() }) } },
  requests: { 'order:cancel': { payload: z.string(), reply: z.number() } },
  presence: { 'shop:{id}': z.boolean() },
})

describe('the AsyncAPI document of a contract', () => {
  it('has its channels, requests and presence', () => {
    expect(asyncapi(shop)).toEqual({
      asyncapi: '3.0.0',
      info: { title: 'Realtime API', version: shop.fingerprint },
      defaultContentType: 'application/json',
      channels: {
        shop_id: {
          address: 'shop:{id}',
          parameters: { id: {} },
          messages: {
            order: { name: 'order', payload: { $ref: '#/components/schemas/shop_id_order' } },
          },
        },
        request_order_cancel: {
          address: null,
          title: 'order:cancel',
          messages: {
            order_cancel: {
              name: 'order:cancel',
              payload: { $ref: '#/components/schemas/request_order_cancel_order_cancel' },
            },
          },
        },
        reply_order_cancel: {
          address: null,
          title: 'order:cancel',
          messages: {
            reply: {
              name: 'reply',
              payload: { $ref: '#/components/schemas/reply_order_cancel_reply' },
            },
          },
        },
        presence_shop_id: {
          address: 'presence:shop:{id}',
          parameters: { id: {} },
          messages: {
            presence_join: {
              name: 'presence:join',
              payload: { $ref: '#/components/schemas/presence_shop_id_presence_join' },
            },
          },
        },
      },
      operations: {
        send_shop_id: {
          action: 'send',
          channel: { $ref: '#/channels/shop_id' },
          messages: [{ $ref: '#/channels/shop_id/messages/order' }],
        },
        order_cancel: {
          action: 'receive',
          channel: { $ref: '#/channels/request_order_cancel' },
          messages: [{ $ref: '#/channels/request_order_cancel/messages/order_cancel' }],
          reply: {
            channel: { $ref: '#/channels/reply_order_cancel' },
            messages: [{ $ref: '#/channels/reply_order_cancel/messages/reply' }],
          },
        },
        enter_shop_id: {
          action: 'receive',
          channel: { $ref: '#/channels/presence_shop_id' },
          messages: [{ $ref: '#/channels/presence_shop_id/messages/presence_join' }],
        },
      },
      components: {
        schemas: {
          shop_id_order: {
            type: 'object',
            properties: { id: { type: 'string' } },
            required: ['id'],
          },
          request_order_cancel_order_cancel: { type: 'string' },
          reply_order_cancel_reply: { type: 'number' },
          presence_shop_id_presence_join: { type: 'boolean' },
        },
      },
    })
  })

  it('writes a schema that is used twice once, and references of a schema to itself in its place', () => {
    const { channels, components } = asyncapi(described)
    const [order] = Object.keys(components.schemas)
    expect(JSON.stringify(channels).split(`/${order}"`)).toHaveLength(3)
    const node = JSON.stringify(components.schemas.doc_doc_id_page_page_node)
    expect(node).toContain('"#/components/schemas/doc_doc_id_page_page_node')
    expect(node).not.toContain('"#"')
  })

  it('describes by its name alone what no library converts', () => {
    const { channels } = asyncapi(described)
    expect(channels).toMatchObject({
      request_big: { messages: { big: { name: 'big' } } },
      request_order_cancel: { messages: { order_cancel: { name: 'order:cancel' } } },
      request_order_cancel_2: { messages: { order_cancel: { name: 'order_cancel' } } },
    })
    expect(channels.request_big).not.toHaveProperty('messages.big.payload')
  })

  it('asks the converter for schemas that the library does not convert', () => {
    const asked: string[] = []
    const { components } = asyncapi(described, {
      converter: (schema) => {
        const { vendor } = schema['~standard']
        asked.push(vendor)
        return vendor === 'valibot' ? { type: 'object', title: 'Cancel' } : undefined
      },
    })
    expect(asked.sort()).toEqual(['valibot', 'wirefold', 'zod', 'zod'])
    expect(components.schemas.request_order_cancel_order_cancel).toEqual({
      type: 'object',
      title: 'Cancel',
    })
  })

  it('is JSON', () => {
    const document = asyncapi(described)
    expect(JSON.parse(JSON.stringify(document))).toEqual(document)
  })

  it('is not made of types alone', () => {
    const typed = contract<{ channels: object }>()
    // A caller in JavaScript.
    expect(() => asyncapi(typed as never)).toThrow(
      expect.objectContaining({ code: 'bad-option', detail: { option: 'contract' } }),
    )
  })

  it('is the same each time, although a function makes a default', () => {
    let made = 0
    const schemas = (order: z.ZodType) => {
      const parts = { channels: { shop: { order, till: z.number().default(1) } } }
      return asyncapi(contract(parts)).components.schemas
    }
    const drawn = schemas(z.object({ id: z.string().default(() => `${++made}`) }))
    expect(drawn).toEqual(schemas(z.object({ id: z.string().optional() })))
    expect(drawn).toMatchObject({ shop_till: { default: 1 } })
  })

  it('has a place for every reference of a row to its parts, and to itself', () => {
    const address = z.object({ street: z.string() }).meta({ id: 'RowAddress' })
    const Node = z.object({
      home: address,
      work: address,
      get children() {
        return z.array(Node)
      },
    })
    const tree = scope({ node: { name: 'string', 'children?': 'node[]' } }).export()
    const channels = { 'entity:Node': entityEvents(Node), 'entity:Tree': entityEvents(tree.node) }
    const document = asyncapi(contract({ channels }))
    const references = [...JSON.stringify(document).matchAll(/"\$ref":"([^"]*)"/g)]
    expect(references.length).toBeGreaterThan(8)
    const place = (reference: string): unknown => referred(document, reference)
    for (const [, reference = ''] of references) expect(place(reference)).toBeDefined()
    const row = place('#/components/schemas/entity_Node_entity_created/properties/data/anyOf/0')
    expect(
      place(String(asFields(asFields(asFields(asFields(row).properties).children).items).$ref)),
    ).toBe(row)
  })

  it('leaves data alone that looks like a reference', () => {
    const pointer = z.object({ $ref: z.string() }).default({ $ref: '#/nope' })
    const { schemas } = asyncapi(contract({ channels: { shop: { pointer } } })).components
    expect(schemas).toMatchObject({
      shop_pointer: { default: { $ref: '#/nope' }, properties: { $ref: { type: 'string' } } },
    })
  })
})
