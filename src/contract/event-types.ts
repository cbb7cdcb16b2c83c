import type { EventFrame } from '../protocol/frame.ts'
import type { Channels, In, Out, Untyped } from './contract-types.ts'
import type { ChannelArg, TemplateFor } from './name-types.ts'

/** The value of a map at a key; `never` if the map has no such key. */
export type At<Map, Key> = Key extends keyof Map ? Map[Key] : never

/** The events of a channel: a map of schemas or types by event type, or a union of such maps. */
export type EventsOf<C, Name extends string> = At<Channels<C>, TemplateFor<Channels<C>, Name>>

/** The union of the events in a map of payloads by type. */
export type FramesOf<Map> = Map extends unknown
  ? { [Type in keyof Map & string]: EventFrame<Type, Out<Map[Type]>> }[keyof Map & string]
  : never

/** The union of a channel's events, discriminated by `type`. */
export type EventOf<C extends Untyped, Name extends string = string> =
  unknown extends Channels<C>
    ? EventFrame
    : string extends Name
      ? EventFrame
      : [EventsOf<C, Name>] extends [never]
        ? EventFrame
        : FramesOf<EventsOf<C, Name>>

/** An event of a channel: by the contract, else with the payload that the application expects. */
export type EventIn<C extends Untyped, Name extends string, Payload> =
  unknown extends Channels<C> ? EventFrame<string, Payload> : EventOf<C, Name>

/** The types of a channel's events. */
export type TypeOf<C extends Untyped, Name extends string> = EventOf<C, Name>['type']

/** The payload of a channel's events, or of those of one type. */
export type PayloadOf<
  C extends Untyped,
  Name extends string,
  Type extends string = string,
> = Extract<EventOf<C, Name>, { readonly type: Type }>['payload']

/** The keys of every member of a union. */
export type KeysOfUnion<Union> = Union extends unknown ? keyof Union & string : never
/** The payload that is sent for a type of a map of events. */
export type SentOf<Map, Type> = Map extends unknown
  ? Type extends keyof Map
    ? In<Map[Type]>
    : never
  : never

/** The payload that is published for an event of a type. */
export type Published<C extends Untyped, Name extends string, Type> =
  unknown extends Channels<C> ? unknown : SentOf<EventsOf<C, Name>, Type>

/** The types of the events that can be published on a channel. */
export type PublishedType<C extends Untyped, Name extends string> =
  unknown extends Channels<C> ? string : KeysOfUnion<EventsOf<C, Name>>

/** The contexts that a map of events carries: payloads with a `kind`, their own or the event's type. */
export type ContextIn<Map> = {
  [Type in keyof Map & string]: ContextOf<Out<Map[Type]>, Type>
}[keyof Map & string]

/** The context that a payload carries: its own `kind`, else the event's type. */
export type ContextOf<Payload, Type extends string> = Payload extends { readonly kind: unknown }
  ? Extract<Payload, { readonly kind: string }>
  : Payload extends object
    ? Payload & { readonly kind: Type }
    : never

/** Handles events of a channel. */
export type Handler<Event extends EventFrame> = (payload: Event['payload'], event: Event) => unknown

/** A handler for each type of event; events of other types are skipped. */
export type HandlerMap<Event extends EventFrame> = {
  readonly [Type in Event['type']]?: NoInfer<Handler<WithType<Event, Type>>> | undefined
}

/** The events that may be of a type; one whose type is any text may be. */
export type WithType<Event extends EventFrame, Type> = Event extends unknown
  ? Type extends Event['type']
    ? Event
    : never
  : never

/** A handler of a channel: a function, or one for each type of event. */
export type HandlerArg<C extends Untyped, X, Event extends EventFrame> =
  unknown extends Channels<C>
    ? ((payload: X, event: EventFrame<string, X>) => unknown) | UntypedHandlerMap<X>
    : NoInfer<Handler<Event>> | HandlerMap<Event>

/** A handler for each type of event, where there is no contract. */
export interface UntypedHandlerMap<Payload = unknown> {
  readonly [type: string]:
    | ((payload: Payload, event: EventFrame<string, Payload>) => unknown)
    | undefined
}

/** The types of a map of events that can be published. */
// `Map` is the events of a channel, worked out once per call in a type parameter of its own.
export type TypesIn<C extends Untyped, Map> =
  unknown extends Channels<C> ? string : KeysOfUnion<Map>
/** The payload that is published for a type of a map of events. */
export type Sends<C extends Untyped, Map, Type> =
  unknown extends Channels<C> ? unknown : SentOf<Map, Type>
/** The payload and the options behind it; a payload that may be left out is optional. */
export type SendArgs<Payload, Options> = undefined extends Payload
  ? [payload?: Payload, options?: Options]
  : [payload: Payload, options?: Options]

/** A change of one row, as `broadcastEntities` of the server publishes it. */
export interface EntityPayload<Row> {
  /** Id of the row. */
  readonly id: string | number
  /** Name of the entity, such as `Task`. */
  readonly entityName: string
  /** The row after the change; `null` where it was deleted. */
  readonly data: Row | null
  /** The user that made the change, if known. */
  readonly userId?: string | null | undefined
}

/** The row that the `entity:created` events of a channel carry. */
export type RowOf<C extends Untyped, Name extends string> =
  PayloadOf<C, Name, 'entity:created'> extends infer Payload
    ? Payload extends EntityPayload<infer Row>
      ? Row
      : Payload
    : never

/** The name of a channel with events of an entity; for any other channel, an advice that the compiler shows. */
export type EntityArg<C extends Untyped, X> = [EventsOf<C, X & string>] extends [never]
  ? ChannelArg<C, X>
  : [RowOf<C, X & string>] extends [never]
    ? `${X & string} has no events entity:created. See entityEvents()`
    : ChannelArg<C, X>

/** The rows of a bound list: by the contract, else as the application says. */
export type Rows<C extends Untyped, X, Row extends object> =
  unknown extends Channels<C> ? Row : Extract<RowOf<C, X & string>, object>
