import { expectTypeOf, it } from 'vitest'
import type { DialectFactory } from 'wirefold/dialects'
import { jsonDialect } from 'wirefold/dialects/json'

const event = { channel: 'room', type: 'event' }

it('infers the calls of its functions, and needs no annotation', () => {
  const dialect = jsonDialect({
    receive: { event, reply: { id: 'id' } },
    send: {
      subscribe: ({ channel, id, number, since }) => {
        expectTypeOf(channel).toEqualTypeOf<string>()
        expectTypeOf(id).toEqualTypeOf<string>()
        expectTypeOf(number).toEqualTypeOf<number>()
        expectTypeOf(since?.offset).toEqualTypeOf<number | undefined>()
        return {}
      },
      hello: ({ token }) => {
        expectTypeOf(token).toEqualTypeOf<string | undefined>()
        return {}
      },
    },
  })
  expectTypeOf(dialect).toEqualTypeOf<DialectFactory>()
})

it('infers the type of messages from one function', () => {
  interface Message {
    readonly data: { readonly room: string }
  }
  jsonDialect({
    receive: {
      event: { channel: ({ data }: Message) => data.room, type: 'type' },
      error: {
        when: (message) => {
          expectTypeOf(message).toEqualTypeOf<Message>()
          return false
        },
      },
    },
  })
})

it('knows the fields of each rule, and which ones it needs', () => {
  // @ts-expect-error: the channel is missing.
  jsonDialect({ receive: { event: { type: 'event' } } })
  // @ts-expect-error: the condition is missing.
  jsonDialect({ receive: { event, error: { code: 'code' } } })
  // @ts-expect-error: an unknown field.
  jsonDialect({ receive: { event: { ...event, chanel: 'x' } } })
  // @ts-expect-error: an unknown rule.
  jsonDialect({ receive: { event, evnt: event } })
})
