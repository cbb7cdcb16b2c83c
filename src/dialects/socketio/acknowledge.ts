import type { EventFrame } from '../../protocol/frame.ts'

/** The part of a client that {@link acknowledge} uses. */
export interface Acknowledger {
  /** Sends a request and resolves with its reply; `RealtimeClient` is one. */
  request(
    type: string,
    payload: unknown,
    options: { readonly id: string; readonly volatile: boolean },
  ): Promise<unknown>
}

/**
 * Answers an event by which the server wants an acknowledgement (`emitWithAck`); does nothing for any other
 * event of the dialect `socketio`, or if the connection of the event is gone and the client has another one.
 *
 * Rejects with `disconnected` if there is no connection.
 *
 * @example
 * import { acknowledge } from 'wirefold/dialects/socketio'
 *
 * channels.subscribe('socket', (payload, event) => {
 *   if (event.type === 'question') return acknowledge(client, event, { answer: 42 })
 * })
 */
export async function acknowledge(
  client: Acknowledger,
  { type, id }: EventFrame,
  value?: unknown,
): Promise<void> {
  if (id) await client.request(type, value, { id, volatile: true })
}
