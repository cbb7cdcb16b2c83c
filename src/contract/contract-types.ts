import type { ContractPort } from '../ports/contract-port.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

/** The parts of a contract with schemas. */
export interface ContractSchemas {
  /** The events of each channel: a schema for the payload of each type, by the channel's template. */
  readonly channels?:
    | { readonly [template: string]: { readonly [type: string]: StandardSchemaV1 } }
    | undefined
  /** The requests by their types; one without a `payload` is sent without, one without a `reply` too. */
  readonly requests?:
    | {
        readonly [type: string]: {
          readonly payload?: StandardSchemaV1 | undefined
          readonly reply?: StandardSchemaV1 | undefined
        }
      }
    | undefined
  /** A schema for the meta of the users who are present, by the template of the resource. */
  readonly presence?: { readonly [template: string]: StandardSchemaV1 } | undefined
}

// The parameter of `contract()`: a name that is none of a contract's gets the type of an advice, which
// stands in the error at that name.
// A schema is not compared again as part of an intersection: those of some libraries are deep.
/** Accepts any schema, and rejects all other values. */
export type GivenLeaf<Leaf> = Leaf extends StandardSchemaV1 ? unknown : StandardSchemaV1
/** Accepts a schema for each name. */
export type Leaves<Map> = { readonly [Name in keyof Map]: GivenLeaf<Map[Name]> }
/** Accepts a schema for each type of event of each channel. */
export type GivenEvents<Map> = {
  readonly [Template in keyof Map]: Map[Template] extends StandardSchemaV1
    ? 'A channel has a schema for each type of event'
    : Leaves<Map[Template]>
}
/** Accepts the schemas of the payload and the reply of one request. */
export type GivenSides<Request> = {
  readonly [Side in 'payload' | 'reply']?: Side extends keyof Request
    ? GivenLeaf<Exclude<Request[Side], undefined>> | undefined
    : unknown
} & {
  readonly [Side in Exclude<
    keyof Request,
    'payload' | 'reply'
  >]: `A request has payload and reply, not ${Side & string}`
}
/** Accepts the schemas of the requests. */
export type GivenRequests<Map> = { readonly [Type in keyof Map]: GivenSides<Map[Type]> }

/** Parts whose leaves are schemas, and whose names are those that a contract has. */
export type GivenParts<Parts> = {
  readonly [Name in keyof Parts]: Name extends 'channels'
    ? GivenEvents<Parts[Name]>
    : Name extends 'requests'
      ? GivenRequests<Parts[Name]>
      : Name extends 'presence'
        ? Leaves<Parts[Name]>
        : `A contract has channels, requests and presence, not ${Name & string}`
}

/** The parts of a contract of types alone, of the same shape with types in place of schemas. */
export interface ContractTypes {
  /** The payloads of the events of each channel: a type by event type, by the channel's template. */
  readonly channels?: object | undefined
  /** The types of `payload` and `reply`, by the type of the request. */
  readonly requests?: object | undefined
  /** The type of the meta, by the template of the resource. */
  readonly presence?: object | undefined
}

/** The base of every contract; by itself, no contract. */
// Not `undefined`: an optional property swallows that when the type of a contract is inferred.
export interface Untyped {
  /** The part that clients and servers use; not for applications. */
  readonly '~wirefold'?: ContractPort
}

/** The description of channels, requests and presence that a client and its server share. */
export interface Contract<Parts extends ContractTypes = ContractTypes> extends Untyped {
  /** The parts that the contract was made of; empty in a contract of types alone. */
  readonly parts: Parts
  /**
   * A short hash of the names and, where the schema library converts them to JSON Schema, of the
   * schemas; empty for a contract of types alone that was given none.
   */
  readonly fingerprint: string
}

/** A schema of a value that is typed, and not checked. */
export interface Unchecked<Value> extends StandardSchemaV1<Value, Value> {}

/** The type that is sent for a schema or a type. */
export type In<Leaf> = Leaf extends StandardSchemaV1 ? StandardSchemaV1.InferInput<Leaf> : Leaf
/** The type that is received for a schema or a type. */
export type Out<Leaf> = Leaf extends StandardSchemaV1 ? StandardSchemaV1.InferOutput<Leaf> : Leaf

/** An object without fields. */
export type Nothing = Record<never, never>
/** A part of a contract; `unknown` where it is left out, and without a contract: its names are free. */
export type Part<C, Name extends keyof ContractTypes> = C extends { readonly parts: infer Parts }
  ? Name extends keyof Parts
    ? undefined extends Parts[Name]
      ? unknown
      : Parts[Name]
    : unknown
  : unknown

/** The events of the channels, by template. */
export type Channels<C> = Part<C, 'channels'>
/** The requests, by type. */
export type Requests<C> = Part<C, 'requests'>
/** The metas of the users who are present, by template. */
export type Presences<C> = Part<C, 'presence'>
