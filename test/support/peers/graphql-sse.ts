import type { ServerResponse } from 'node:http'
import { asFields } from '../../../src/protocol/fields.ts'
import type { Received } from '../http-backend.ts'
import { httpBackend, stream } from '../http-backend.ts'
import { Chat, userOf } from './chat.ts'
import { OperationFailed, resultsOf } from './graphql-results.ts'

/** How servers end a stream: as the protocol says, or without data, as gqlgen and Hot Chocolate do. */
const ENDS = ['event: complete\ndata:\n\n', 'event: complete\n\n'] as const

/** A small server of GraphQL over server-sent events, in distinct connections mode, until the end of the test. */
export async function graphqlSseStub(chat = new Chat()) {
  let count = 0
  const backend = await httpBackend((request, response) => {
    const user = userOf(request.headers.authorization?.replace('Bearer ', ''))
    if (user === undefined) response.writeHead(401).end()
    else void serve(request, response, user, chat, ENDS[count++ % ENDS.length] ?? '')
  })
  return { ...backend, chat }
}

async function serve(
  { body, headers }: Received,
  response: ServerResponse,
  user: string,
  chat: Chat,
  end: string,
): Promise<void> {
  const ended = new AbortController()
  response.on('close', () => ended.abort())
  if (headers.accept !== 'text/event-stream') {
    response.writeHead(406).end()
    return
  }
  const send = (result: unknown): void => {
    if (!response.headersSent) stream(response)
    response.write(`event: next\ndata: ${JSON.stringify(result)}\n\n`)
  }
  try {
    const results = resultsOf(chat, user, asFields(JSON.parse(body)), ended.signal)
    const first = results.next()
    // A document that is not valid is answered with a status; all else by a stream, at once.
    const isInvalid = await Promise.race([
      first.then(
        () => false,
        () => true,
      ),
      new Promise<boolean>((resolve) => setTimeout(resolve, 20, false)),
    ])
    if (!isInvalid) stream(response).write(':\n\n')
    for (let { value, done } = await first; !done; { value, done } = await results.next()) {
      send(value)
    }
  } catch (error) {
    const errors = error instanceof OperationFailed ? error.errors : [{ message: String(error) }]
    if (!response.headersSent) {
      response.writeHead(400, { 'content-type': 'application/json' })
      response.end(JSON.stringify({ errors }))
      return
    }
    send({ errors })
  }
  response.end(end)
}
