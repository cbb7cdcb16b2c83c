/**
 * The protocol `graphql-transport-ws`: subscriptions as channels, queries and mutations as requests.
 *
 * @module wirefold/dialects/graphql-ws
 */

export { graphqlSse, graphqlWs } from '../../dialects/graphql-ws/dialect.ts'
export type {
  GraphqlEvent,
  GraphqlOptions,
  GraphqlWsOptions,
} from '../../dialects/graphql-ws/options.ts'
export type { GraphqlSseOptions } from '../../transports/graphql-sse.ts'
export { graphqlSseTransport } from '../../transports/graphql-sse.ts'
