import { graphqlSse, graphqlWs } from 'wirefold/dialects/graphql-ws'
import type { DialectHarness } from 'wirefold/testing'
import type { Fields } from '../../../src/protocol/fields.ts'
import { serverMessages } from './recorded.ts'

const room = 'subscription { room }'
/** The names that the intents of the suite use; others have no document. */
export const operations = {
  ...{ 'room:1': room, 'room:2': room, 'room:*': room },
  ...{ 'task:create': 'mutation { task }', count: '{ count }' },
}
const answer = ({ type, id }: Fields): unknown =>
  type === 'subscribe' ? { id, type: 'next', payload: { data: {} } } : undefined

/** Both forms of the protocol, with the messages of a recorded session. */
export const harnesses: Readonly<Record<string, DialectHarness>> = {
  'graphql-ws': {
    dialect: graphqlWs({ operations }),
    messages: [
      ...serverMessages(),
      { type: 'ping' },
      { type: 'ping', payload: { message: 'keepalive' } },
      { type: 'pong' },
    ],
    answer,
  },
  'graphql-sse': {
    dialect: graphqlSse({ operations }),
    messages: serverMessages().filter(({ id }) => id !== undefined),
    answer,
  },
}
