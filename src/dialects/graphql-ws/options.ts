import type { Fields } from '../../protocol/fields.ts'

/** Options of {@link graphqlWs} and {@link graphqlSse}. */
export interface GraphqlOptions {
  /**
   * Documents, each with one operation, by the names under which requests and channels use them. A
   * name that is not among them is itself a document.
   * @default {}
   */
  readonly operations?: Readonly<Record<string, string>> | undefined
  /**
   * Returns the type and the payload of the event for the `data` of a subscription's result.
   * @default the name of its first field, and `data` itself
   */
  readonly toEvent?: ((data: Fields, channel: string) => GraphqlEvent) | undefined
}

/** Type and payload of an event. */
export interface GraphqlEvent {
  /** Type of the event. */
  readonly type: string
  /** Payload of the event. */
  readonly payload: unknown
}

/** Options of {@link graphqlWs}. */
export interface GraphqlWsOptions extends GraphqlOptions {
  /**
   * Returns the payload of `connection_init` for the token of `auth`; `undefined` for none.
   * @default `{ token }`, or none without a token
   */
  readonly connectionParams?: ((token: string | undefined) => Fields | undefined) | undefined
}

/** Options with all defaults filled in. */
export type ResolvedGraphqlOptions = {
  readonly [Name in keyof GraphqlOptions]-?: Exclude<GraphqlOptions[Name], undefined>
}

/** Default values of {@link GraphqlOptions}. */
export const graphqlDefaults: ResolvedGraphqlOptions = {
  operations: {},
  toEvent: (data) => ({ type: Object.keys(data)[0] ?? 'next', payload: data }),
}
