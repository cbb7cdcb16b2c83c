export { channel } from '../contract/channel.ts'
export { contexts } from '../contract/contexts.ts'
export type { ContractOptions } from '../contract/contract.ts'
export { contract } from '../contract/contract.ts'
export type * as PartTypes from '../contract/contract-types.ts'
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
export type * as EntityEventTypes from '../contract/entity-events.ts'
export type { EntityEventSchemas } from '../contract/entity-events.ts'
export { entityEvents } from '../contract/entity-events.ts'
export type * as EventTypes from '../contract/event-types.ts'
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
export type * as NameTypes from '../contract/name-types.ts'
export type {
  ChannelArg,
  ChannelName,
  NameOf,
  Params,
  RequestName,
  Resource,
  ResourceArg,
} from '../contract/name-types.ts'
export type * as PresenceTypes from '../contract/presence-types.ts'
export type { MetaIn, MetaOut } from '../contract/presence-types.ts'
export type * as RequestTypes from '../contract/request-types.ts'
export type { ReplyIn, ReplyOut, RequestIn, RequestOut } from '../contract/request-types.ts'
export type { StandardSchemaV1 } from '../contract/standard-schema.ts'
export { unchecked } from '../contract/unchecked.ts'
export type * as ContractPorts from '../ports/contract-port.ts'
export type * as ContractRuleTypes from '../ports/contract-rules.ts'
