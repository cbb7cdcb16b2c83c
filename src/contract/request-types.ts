import type { In, Out, Requests, Untyped } from './contract-types.ts'
import type { RequestName } from './name-types.ts'

/** The schemas or types of a request. */
export type RequestOf<C, Type> = Type extends keyof Requests<C> ? Requests<C>[Type] : never
/** The schema or type of one side of a request; `undefined` if it has none. */
export type Field<Request, Name extends string> = Request extends {
  readonly [Key in Name]: infer Leaf
}
  ? Leaf
  : undefined

/** The payload that the client sends. */
export type RequestIn<C, Type> = In<Field<RequestOf<C, Type>, 'payload'>>
/** The payload that the server's handler receives. */
export type RequestOut<C, Type> = Out<Field<RequestOf<C, Type>, 'payload'>>
/** The reply that the server's handler returns. */
export type ReplyIn<C, Type> =
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler may return nothing.
  RequestOf<C, Type> extends { readonly reply: infer Leaf } ? In<Leaf> : void
/** The reply that the client receives. */
export type ReplyOut<C, Type> = Out<Field<RequestOf<C, Type>, 'reply'>>

/** The type of a request to send. */
export type RequestArg<C extends Untyped, X> =
  unknown extends Requests<C> ? string : X & RequestName<C>

/** The payload of a request and the options behind it. */
export type RequestArgs<C extends Untyped, X, Options> =
  unknown extends Requests<C>
    ? [payload?: unknown, options?: Options]
    : Arguments<RequestIn<C, X>, Options>

/** The payload and the options behind it; a payload that may be left out is optional. */
export type Arguments<Payload, Options> = undefined extends Payload
  ? [payload?: Payload, options?: Options]
  : [payload: Payload, options?: Options]

/** The reply to a request. */
export type Answer<C extends Untyped, X> = unknown extends Requests<C> ? X : ReplyOut<C, X>
