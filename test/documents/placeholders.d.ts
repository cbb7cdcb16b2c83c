/**
 * What the blocks of the documents take from the application of their reader. Everything else a block
 * uses it imports or declares itself.
 */

import type * as wirefold from 'wirefold'
import type { SessionContext } from 'wirefold/dialects/socketio'
import type { Identified, User } from 'wirefold/server'

declare global {
  /** What the first example of the README makes. */
  type Shop =
    | { readonly kind: 'Order'; readonly id: string; readonly status: string }
    | { readonly kind: 'Till'; readonly total: number }
  const client: wirefold.RealtimeClient
  const channels: wirefold.ChannelSubscriber
  const contexts: wirefold.ContextRegistry<
    Shop,
    'kind',
    wirefold.ReadableKind,
    {
      readonly Order: wirefold.KeyedType<'Order', Extract<Shop, { readonly kind: 'Order' }>>
      readonly Till: wirefold.SingleType<'Till', Extract<Shop, { readonly kind: 'Till' }>>
    }
  >

  /** Who is signed in to the page. */
  const session: { token(): string }
  /** Draws. */
  function render(...values: readonly unknown[]): void
  /** Shows an event. */
  function show(type: string, payload: unknown): void
  /** Adds text to what is shown. */
  function append(text: string): void
  /** Fetches the agents again. */
  function refetchAgents(): void
  /** Fetches what is known of a session, as the events that amount to it. */
  function fetchAsEvents(id: string, signal: AbortSignal): Promise<readonly SessionContext[]>
  /** The id of what is shown. */
  const id: string
  /** The id of a question that a session has asked. */
  const clarificationId: string

  /** Finds out whose token it is. */
  function verify(token: string | undefined): Promise<Identified>
  /** Reads a JSON Web Token. */
  function claimsOf(token: string | undefined): Promise<{ sub: string; exp: number } | undefined>
  /** The rules of the application. */
  function mayDo(user: User | null, channel: string, action: string): boolean
  /** Cancels an order. */
  function cancel(id: string): Promise<void>
  /** The address of a Redis. */
  const url: string

  /** The dialect that docs/dialects.md shows. */
  const rooms: wirefold.DialectFactory
  /** Messages of its backend. */
  const messages: readonly unknown[]
  /** Declares a test, as most runners do. */
  function it(name: string, run: () => unknown): void
}
