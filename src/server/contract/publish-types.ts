import type { Untyped } from '../../contract/contract-types.ts'
import type { EventsOf, Published, PublishedType } from '../../contract/event-types.ts'

/** The types of the events that are sent to a user: those that a contract lists for them, else any. */
export type UserType<C extends Untyped> = [EventsOf<C, `user:${string}`>] extends [never]
  ? string
  : PublishedType<C, `user:${string}`>

/** The payload of an event that is sent to a user. */
export type UserPayload<C extends Untyped, Type> = [EventsOf<C, `user:${string}`>] extends [never]
  ? unknown
  : Published<C, `user:${string}`, Type>

/** The payload of an event; one that may be left out is optional. */
export type PayloadArgs<Payload> = undefined extends Payload
  ? [payload?: Payload]
  : [payload: Payload]
