import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields } from '../../../src/protocol/fields.ts'
import { carryOut } from '../../support/commands.ts'
import { Chat, coded, type Message, userOf } from '../../support/peers/chat.ts'

/*
 * A GraphQL server of the packages `graphql-ws` at /graphql, `graphql-sse` at /sse and `graphql-yoga` at /yoga.
 * Argument: the folder `node_modules` with these.
 */

const [modules = ''] = process.argv.slice(2)
const load = createRequire(join(modules, 'index.js'))
const { buildSchema } = load('graphql')
const { WebSocketServer } = load('ws')

const chat = new Chat()
const sockets = new Set<import('ws').WebSocket>()
const pongs: unknown[] = []

/** Returns the schema; its resolvers are those of the chat. */
function chatSchema(): unknown {
  const schema = buildSchema(`
    type Message { id: ID!, text: String!, by: String }
    type Query { hello: String!, boom: String, slow: String, history(room: ID!): [Message!]! }
    type Mutation { send(room: ID!, text: String!): Message }
    type Subscription { messages(room: ID!): Message!, countdown(from: Int!): Int! }
  `)
  type Field = Partial<
    Record<'resolve' | 'subscribe', (of: Fields, args: never, by: User) => unknown>
  >
  const fieldsOf = (type: string): Record<string, Field> => schema.getType(type).getFields()
  const resolvers: Readonly<Record<string, Record<string, Field>>> = {
    Message: {
      by: {
        resolve({ by }) {
          if (by === 'broken') throw coded('NO_AUTHOR')
          return by
        },
      },
    },
    Query: {
      hello: { resolve: (_, __, { user }) => `hello ${user}` },
      slow: { resolve: () => new Promise(() => {}) },
      history: { resolve: (_, { room }: Message & { room: string }) => chat.history(room) },
      boom: {
        resolve() {
          throw coded('BOOM')
        },
      },
    },
    Mutation: {
      send: {
        resolve: (_, { room, text }: { room: string; text: string }, { user }) =>
          chat.send(room, text, user),
      },
    },
    Subscription: {
      messages: { subscribe: (_, { room }: { room: string }) => chat.messages(room) },
      countdown: {
        async *subscribe(_, { from }: { from: number }) {
          for (let left = from; left >= 0; left--) yield { countdown: left }
        },
      },
    },
  }
  for (const [type, fields] of Object.entries(resolvers)) {
    for (const [name, field] of Object.entries(fields))
      Object.assign(fieldsOf(type)[name] ?? {}, field)
  }
  return schema
}

/** The context of an operation. */
interface User {
  readonly user: string
}

async function listen(at: number): Promise<number> {
  const schema = chatSchema()
  const bearer = (header: unknown) => userOf(String(header ?? '').replace('Bearer ', ''))
  const { useServer: serveWs } = load('graphql-ws/use/ws')
  const wss = new WebSocketServer({ noServer: true })
  serveWs(
    {
      schema,
      onConnect: ({ connectionParams }: Fields) =>
        userOf(asFields(connectionParams).token) !== undefined,
      context: ({ connectionParams }: Fields) => ({
        user: userOf(asFields(connectionParams).token),
      }),
    },
    wss,
  )
  wss.on('connection', (socket: import('ws').WebSocket) => {
    sockets.add(socket)
    socket.on('message', (text) => {
      const message = asFields(JSON.parse(String(text)))
      if (message.type === 'pong') pongs.push(message)
    })
    socket.on('close', () => sockets.delete(socket))
  })
  const sse = load('graphql-sse/lib/use/http').createHandler({
    schema,
    context: ({ headers }: Request) => ({ user: bearer(headers.get('authorization')) }),
  })
  const { createYoga } = load('graphql-yoga')
  const yoga = createYoga({
    ...{ schema, graphqlEndpoint: '/yoga', maskedErrors: false, logging: false },
    context: ({ request }: { request: Request }) => ({
      user: bearer(request.headers.get('authorization')),
    }),
  })
  const http = createServer((request, response) => {
    if (bearer(request.headers.authorization) === undefined) response.writeHead(401).end()
    else if (request.url === '/yoga') yoga(request, response)
    else sse(request, response)
  })
  http.on('upgrade', (request, socket, head) =>
    wss.handleUpgrade(request, socket, head, (ws: unknown) => wss.emit('connection', ws, request)),
  )
  await new Promise<void>((resolve) => http.listen(at, '127.0.0.1', resolve))
  return (http.address() as AddressInfo).port
}

const commands = {
  listen,
  send: ([room, text, by]: readonly [string, string, string]) => chat.send(room, text, by),
  end: ([room, message]: readonly [string, (string | undefined)?]) =>
    chat.end(room, message ? new Error(message) : undefined),
  following: (room: string) => chat.following(room),
  /** Sends a ping of the protocol to every client. */
  ping(payload: unknown) {
    for (const socket of sockets) socket.send(JSON.stringify({ type: 'ping', payload }))
  },
  pongs: () => pongs,
}

/** A command of the test to the server. */
export type GraphqlCommands = typeof commands

carryOut(commands)
