import { withDefaults } from '../../base/known-names.ts'
import { channelWith } from '../../protocol/channel-name.ts'
import type { Credentials, DialectFactory, Outgoing } from '../../protocol/dialect.ts'
import { type Fields, isFields } from '../../protocol/fields.ts'
import { pingFrame, pongFrame, readTyped, welcomeFrame } from '../../protocol/frame-constructors.ts'
import { plainDialect } from '../../protocol/plain-dialect.ts'
import { withQuery } from '../../protocol/url-query.ts'
import { operationsOf } from './operations.ts'
import type { GraphqlOptions, GraphqlWsOptions } from './options.ts'
import { graphqlDefaults } from './options.ts'

/** What both forms of the protocol have in common: the token is not part of the address. */
const common = {
  ...plainDialect,
  url: (base: string, { query }: Credentials) => withQuery(base, { ...query }),
  // The server ends the connection for variables that are no object.
  channelOf: (name: string, params: unknown) =>
    isFields(params) ? channelWith(name, params) : undefined,
} as const

/**
 * Makes the dialect of GraphQL over WebSocket, the protocol `graphql-transport-ws` of Hasura, Apollo, Yoga
 * and others.
 *
 * A request is a query or mutation, with its payload as variables; it resolves with the `data` of the
 * result, and rejects for a result with `errors`. A channel is a subscription, with its `params` as
 * variables.
 *
 * @example
 * import { RealtimeClient } from 'wirefold'
 * import { graphqlWs } from 'wirefold/dialects/graphql-ws'
 *
 * const client = new RealtimeClient('wss://api.example.com/graphql', {
 *   dialect: graphqlWs({ operations: { orders: 'subscription { orders { id } }' } }),
 *   auth: () => session.token(),
 * })
 */
export function graphqlWs(options: GraphqlWsOptions = {}): DialectFactory {
  const filled = withDefaults('graphqlWs', options, {
    ...graphqlDefaults,
    connectionParams: paramsOf,
  })
  return () => {
    const operations = operationsOf(filled)
    /** The payload of the server's last ping, which the pong repeats. */
    let pinged: unknown
    return {
      ...common,
      name: 'graphql-ws',
      heartbeat: 'ping',
      protocols: ['graphql-transport-ws'],
      // After 4403 the client asks for other credentials.
      deniedCloseCodes: [4403],
      // Those after which the protocol's own client does not dial again.
      fatalCloseCodes: [
        ...[1002, 1003, 1004, 1007, 1008, 1009, 1010, 1011, 1015],
        ...[4004, 4005, 4400, 4401, 4406, 4409, 4429, 4500],
      ],
      encode(intent) {
        switch (intent.kind) {
          case 'hello':
            return one({ type: 'connection_init', payload: filled.connectionParams(intent.token) })
          case 'ping':
            return one({ type: 'ping' })
          case 'pong':
            return one({ type: 'pong', payload: pinged })
          default:
            return operations.encode(intent)
        }
      },
      decode: (message) =>
        readTyped(message, (type, wire) => {
          switch (type) {
            case 'connection_ack':
              return welcomeFrame({})
            case 'ping':
              pinged = wire.payload
              return pingFrame()
            case 'pong':
              return pongFrame({})
            default:
              return operations.decode(type, wire)
          }
        }),
    }
  }
}

/**
 * Makes the dialect of GraphQL over server-sent events, for `graphqlSseTransport()`. Requests and channels
 * are as with {@link graphqlWs}.
 */
export function graphqlSse(options: GraphqlOptions = {}): DialectFactory {
  const filled = withDefaults('graphqlSse', options, graphqlDefaults)
  return () => {
    const { encode, decode } = operationsOf(filled)
    return {
      ...common,
      name: 'graphql-sse',
      // Statuses that a further attempt does not change: no GraphQL over server-sent events there.
      fatalCloseCodes: [1003, 1008, 4400, 4403, 4405, 4406],
      encode,
      decode: (message) => readTyped(message, decode),
    }
  }
}

function one(wire: Fields): readonly Outgoing[] {
  return [{ wire, keys: [] }]
}

function paramsOf(token: string | undefined): Fields | undefined {
  return token === undefined ? undefined : { token }
}
