import { asFields, type Fields } from '../../../src/protocol/fields.ts'
import type { Chat, Message } from './chat.ts'
import { coded, operations } from './chat.ts'

/** A result of an operation, as it is sent. */
export interface Result {
  readonly data?: unknown
  readonly errors?: readonly unknown[]
}

/** Errors for which an operation cannot run, or with which its source fails. */
export class OperationFailed extends Error {
  readonly errors: readonly unknown[]

  constructor(errors: readonly unknown[]) {
    super('the operation failed')
    this.errors = errors
  }
}

/**
 * Returns the results of an operation, as a GraphQL server would: a request has one, and a subscription that
 * is refused has one without `data`. Throws `OperationFailed` for a document that is not valid.
 *
 * @param signal ends a subscription
 */
export async function* resultsOf(
  chat: Chat,
  user: string,
  { query, variables }: Fields,
  signal: AbortSignal,
): AsyncGenerator<Result> {
  const { room, text, from } = asFields(variables)
  switch (query) {
    case operations.hello:
      yield { data: { hello: `hello ${user}` } }
      return
    case operations.boom:
      yield { data: { boom: null }, errors: [sent(coded('BOOM'))] }
      return
    case operations.slow:
      await new Promise(() => {})
      return
    case operations.history:
      yield { data: { history: chat.history(String(room)) } }
      return
    case operations.send:
      try {
        yield { data: { send: chat.send(String(room), String(text), user) } }
      } catch (error) {
        yield { data: null, errors: [sent(error)] }
      }
      return
    case operations.countdown:
      for (let left = Number(from); left >= 0; left--) yield { data: { countdown: left } }
      return
    case operations.messages:
      break
    default:
      throw new OperationFailed([{ message: `There is no operation ${String(query)}.` }])
  }
  let messages: AsyncIterableIterator<unknown>
  try {
    messages = chat.messages(String(room))
  } catch (error) {
    yield { errors: [sent(error)] }
    return
  }
  signal.addEventListener('abort', () => void messages.return?.())
  try {
    for await (const event of messages) yield withAuthor(asFields(event))
  } catch (error) {
    throw new OperationFailed([sent(error)])
  }
}

/** Returns a result whose field `by` has failed if the author is `broken`. */
function withAuthor(data: Fields): Result {
  const message = data.messages as Message
  return message.by === 'broken'
    ? { data: { messages: { ...message, by: null } }, errors: [sent(coded('NO_AUTHOR'))] }
    : { data }
}

function sent(error: unknown): Fields {
  const { message, extensions } = asFields({ ...asFields(error), message: asMessage(error) })
  return { message, extensions }
}

function asMessage(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}
