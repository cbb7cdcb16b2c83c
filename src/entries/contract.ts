/**
 * One description of channels, requests and presence, by whose types and schemas client and server check each other.
 *
 * @module wirefold/contract
 */

export type { ReadableKind } from '../base/store.ts'
export type { ContextRegistry } from '../context/context-registry.ts'
export type {
  KeyedType,
  NoSlots,
  Plus,
  SingleType,
  UnionType,
} from '../context/registry-types.ts'
export { channel } from '../contract/channel.ts'
export { contexts } from '../contract/contexts.ts'
export type { ContractOptions } from '../contract/contract.ts'
export { contract } from '../contract/contract.ts'
export type {
  Channels,
  Contract,
  ContractSchemas,
  ContractTypes,
  In,
  Out,
  Presences,
  Requests,
  Unchecked,
  Untyped,
} from '../contract/contract-types.ts'
export type { AsyncApiDocument, AsyncApiOptions } from '../contract/documents/asyncapi.ts'
export { asyncapi } from '../contract/documents/asyncapi.ts'
export type { EntityEventSchemas } from '../contract/entity-events.ts'
export { entityEvents } from '../contract/entity-events.ts'
export type {
  ContextIn,
  EntityArg,
  EntityPayload,
  EventOf,
  EventsOf,
  Handler,
  HandlerArg,
  HandlerMap,
  PayloadOf,
  Published,
  PublishedType,
  RowOf,
  Rows,
  TypeOf,
} from '../contract/event-types.ts'
export { isOf } from '../contract/is-of.ts'
export type {
  ChannelArg,
  ChannelName,
  NameOf,
  Params,
  RequestName,
  Resource,
  ResourceArg,
} from '../contract/name-types.ts'
export type { MetaIn, MetaOut } from '../contract/presence-types.ts'
export type { ReplyIn, ReplyOut, RequestIn, RequestOut } from '../contract/request-types.ts'
export type { StandardSchemaV1 } from '../contract/standard-schema.ts'
export { unchecked } from '../contract/unchecked.ts'

/*
 * Types that only the types above use: the declarations of an application name them by these.
 */

/** The types behind the parts of a contract. */
export type * as PartTypes from '../contract/contract-types.ts'
/** The types behind the events of entities. */
export type * as EntityEventTypes from '../contract/entity-events.ts'
/** The types behind events and their payloads. */
export type * as EventTypes from '../contract/event-types.ts'
/** The types behind the names of channels, resources and requests. */
export type * as NameTypes from '../contract/name-types.ts'
/** The types behind the metas of the users who are present. */
export type * as PresenceTypes from '../contract/presence-types.ts'
/** The types behind requests and replies. */
export type * as RequestTypes from '../contract/request-types.ts'
/** The types of the port through which clients and servers use a contract. */
export type * as ContractPorts from '../ports/contract-port.ts'
/** The types of the checks that a contract makes of values. */
export type * as ContractRuleTypes from '../ports/contract-rules.ts'
