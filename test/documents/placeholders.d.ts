/**
 * Declares the names that the blocks of the documents, and the examples of the reference, use from the
 * reader's application. All other names must be imported or declared in the block itself.
 */

import type * as wirefold from 'wirefold'
import type { Contract } from 'wirefold/contract'
import type { SessionContext } from 'wirefold/dialects/socketio'
import type { Identified, RealtimeServer, User } from 'wirefold/server'

declare global {
  /** The type of the first example in the README. */
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

  /** The contract of the examples of frameworks. */
  const shop: Contract<{
    channels: {
      'shop:{id}': { order: { id: string }; till: { total: number } }
      'entity:Task': { 'entity:created': { id: string; title: string; done: boolean } }
    }
    requests: { 'order:cancel': { payload: { id: string } } }
    presence: { 'workspace/{name}': { typing: boolean } }
  }>
  /** A task of that contract. */
  interface Task {
    readonly id: string
    readonly title: string
    readonly done: boolean
  }
  /** Fetches all of them. */
  function fetchTasks(options?: { readonly signal: AbortSignal }): Promise<Task[]>
  /** The requests that change its entities. */
  const api: wirefold.EntityApi
  /** Svelte's rune, in files that its compiler reads. */
  function $effect(run: () => unknown): void

  /** The session of the signed-in user. */
  const session: { token(): string }
  /** Renders values. */
  function render(...values: readonly unknown[]): void
  /** Shows an event. */
  function show(type: string, payload: unknown): void
  /** Appends text to the view. */
  function append(text: string): void
  /** Finds an agent by its topic. */
  const agents: { find(topic: string): Promise<object | undefined> }
  /** Fetches the agents again. */
  function refetchAgents(options?: { readonly signal: AbortSignal }): Promise<void>
  /** Fetches the state of a session, as events. */
  function fetchAsEvents(id: string, signal: AbortSignal): Promise<readonly SessionContext[]>
  /** The id of the current item. */
  const id: string
  /** The id of a clarification that a session requested. */
  const clarificationId: string

  /** Returns the user of a token. */
  function verify(token: string | undefined): Promise<Identified>
  /** Returns the user of a session cookie. */
  function userOf(cookie: string | undefined): Promise<Identified>
  /** Reads a JSON Web Token. */
  function claimsOf(token: string | undefined): Promise<{ sub: string; exp: number } | undefined>
  /** The authorization rules of the application. */
  function mayDo(user: User | null, channel: string, action: string): boolean
  /** The server of the examples of the reference. */
  const server: RealtimeServer
  /** The tasks in the application's database. */
  const sqlTasks: {
    create(task: { readonly title: string }): Promise<Task>
    update(id: string | number, change: { readonly title: string }): Promise<Task | null>
    delete(id: string | number): Promise<boolean>
  }
  /** Returns when a user has joined a channel. */
  function joinedAt(user: User | null, channel: string): Promise<Date | undefined>
  /** Cancels an order. */
  function cancel(id: string): Promise<void>
  /** The address of a Redis. */
  const url: string

  /** The dialect in docs/writing-a-dialect.md. */
  const rooms: wirefold.DialectFactory
  /** Messages of that dialect's backend. */
  const messages: readonly unknown[]
  /** Declares a test, as most runners do. */
  function it(name: string, run: () => unknown): void
  /** Begins an assertion, as in Jest. */
  function expect(found: unknown): { toBe(expected: unknown): void }
}
