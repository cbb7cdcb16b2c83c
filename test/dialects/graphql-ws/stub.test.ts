import { graphqlSse, graphqlSseTransport, graphqlWs } from 'wirefold/dialects/graphql-ws'
import type { Chat } from '../../support/peers/chat.ts'
import { graphqlSseStub } from '../../support/peers/graphql-sse.ts'
import { graphqlWsStub } from '../../support/peers/graphql-ws.ts'
import type { GraphqlPeer } from './story.ts'
import { holdsTheStory, refusesAtFailedSources } from './story.ts'

/** The parts of a stub that a story uses. */
interface Stub {
  readonly url: string
  readonly chat: Chat
  kill(): Promise<void>
  restart(): Promise<void>
}

/** A stub in this process as a peer. */
const peerOf = (stub: Stub, client: GraphqlPeer['client']): GraphqlPeer => ({
  url: stub.url,
  client,
  send: async (...message) => stub.chat.send(...message),
  end: async (room, message) => stub.chat.end(room, message ? new Error(message) : undefined),
  following: async (room) => stub.chat.following(room),
  kill: () => stub.kill(),
  restart: () => stub.restart(),
})

const overWs = async () =>
  peerOf(await graphqlWsStub(), (options) => ({ dialect: graphqlWs(options) }))
const overSse = async () =>
  peerOf(await graphqlSseStub(), (options) => ({
    dialect: graphqlSse(options),
    transport: graphqlSseTransport(),
  }))

for (const [name, start] of [
  ['GraphQL over WebSocket', overWs],
  ['GraphQL over server-sent events', overSse],
] as const) {
  holdsTheStory(name, start)
  refusesAtFailedSources(name, start)
}
