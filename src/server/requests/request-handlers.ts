import { inspect } from 'node:util'
import { badOption, type WirefoldError } from '../../base/errors.ts'
import { checkNames } from '../../base/known-names.ts'
import type { Requests, Untyped } from '../../contract/contract-types.ts'
import type { EventsOf, Sends, TypesIn } from '../../contract/event-types.ts'
import type { NameBound, PublishArg } from '../../contract/name-types.ts'
import type { ReplyIn, RequestOut } from '../../contract/request-types.ts'
import { isFields } from '../../protocol/fields.ts'
import type { Position } from '../../protocol/frame.ts'
import { isOwnType, OWN_TYPE_RULE } from '../../protocol/reserved-types.ts'
import type { User } from '../access/hooks.ts'
import type { PayloadArgs } from '../contract/publish-types.ts'

/** The request handlers of a server, by type. */
export class RequestHandlers {
  readonly #byType = new Map<string, AddedHandler>()

  /**
   * Adds a handler; throws `bad-option` if it is no function, or the type has one or is not valid, and
   * `bad-option` for an option that is unknown or has a wrong type; a timeout is a positive number.
   *
   * @returns a function that removes the handler; safe to call twice
   */
  add(type: string, handler: RequestHandler<never>, options: HandlerOptions = {}): () => void {
    const { timeoutMs, idempotent } = checked(type, options)
    if (!isOwnType(type)) {
      throw badOption('type', `"${type}" is not a valid request type. Use ${OWN_TYPE_RULE}.`)
    }
    if (typeof handler !== 'function') {
      throw badOption('handler', `The handler of "${type}" is not a function.`)
    }
    if (this.#byType.has(type)) {
      throw badOption(
        'type',
        `The request type "${type}" has a handler already. Remove that one first.`,
      )
    }
    const added = { handler, timeoutMs, idempotent }
    this.#byType.set(type, added)
    return () => {
      if (this.#byType.get(type) === added) this.#byType.delete(type)
    }
  }

  /** Returns the handler of a type. */
  get(type: string): AddedHandler | undefined {
    return this.#byType.get(type)
  }
}

/** The second argument of a request handler: the request without its payload. */
export interface RequestContext<C extends Untyped = Untyped> {
  /** User who sent the request; `null` if anonymous. */
  readonly user: User | null
  /** Id of the connection on which the request arrived. */
  readonly connectionId: string
  /** Id chosen by the client; a retry has the same id. */
  readonly requestId: string
  /** Channel of the request, if it has one. */
  readonly channel: string | undefined
  /**
   * Id of the resulting event, if the client chose one: the client's id behind a tag of its user, so
   * that it is the id of no other user's event.
   */
  readonly id: string | undefined
  /**
   * Aborted once the connection is gone or the handler's `timeoutMs` is over. The reply or failure is stored all the same, for a retry
   * after a reconnect. A handler that gives up before it had any effect should therefore throw a
   * `refuse` with `retryable`.
   */
  readonly signal: AbortSignal
  /**
   * Adds an event to a channel, and its position to the reply.
   *
   * The first event on a channel gets the {@link RequestContext.id} of the request, the second one
   * the same with `/2` appended, and so on; by these ids the client recognises them. While the
   * handler runs, `publish` of the server does the same.
   */
  publish<
    const X extends NameBound<C>,
    const Type extends TypesIn<C, Map>,
    Map = EventsOf<C, X & string>,
  >(
    channel: PublishArg<C, X>,
    type: Type,
    ...payload: PayloadArgs<Sends<C, Map, Type>>
  ): Promise<Position>
}

/**
 * A function that handles the requests of one type. The reply is the value it returns. An error
 * made by `refuse` is sent to the client; any other error reaches it as `handler-failed`.
 *
 * It runs once per request, even if the client sends that again: the reply is stored, unless it is
 * a refusal with `retryable`. It may run again after the death of a server if it was registered as
 * `idempotent`.
 *
 * `Payload` is the type that the handler expects. Without a contract it is not checked: a client may
 * send any JSON.
 */
export type RequestHandler<Payload = unknown, C extends Untyped = Untyped> = (
  payload: Payload,
  context: RequestContext<C>,
) => unknown

/** A handler of a request of the contract; without a contract, of what the handler expects. */
export type HandlerOf<C extends Untyped, X> =
  unknown extends Requests<C>
    ? RequestHandler<X, C>
    : (
        payload: RequestOut<C, X>,
        context: RequestContext<C>,
      ) => ReplyIn<C, X> | Promise<ReplyIn<C, X>>

/** Options of a request handler. */
export interface HandlerOptions {
  /**
   * Time after which the signal of a running handler is aborted and the client receives
   * `outcome-unknown`, in milliseconds. A later result of the handler is dropped.
   * @default none
   */
  readonly timeoutMs?: number | undefined
  /**
   * Whether a second run does no harm, as where the only effect of the handler are events that it
   * publishes. If the server dies, or Redis loses its data, while a request runs, the client's
   * repeat runs the handler again; without this option the client receives `outcome-unknown`.
   *
   * An event that the first run has published is not published again: events of both runs are matched
   * by channel, type and order.
   * @default false
   */
  readonly idempotent?: boolean | undefined
}

/** Returns options with their defaults; throws as {@link RequestHandlers.add} does. */
function checked(type: string, options: HandlerOptions): Omit<AddedHandler, 'handler'> {
  const owner = `The handler "${type}"`
  if (!isFields(options)) throw unusable(owner, 'options', options, 'an object')
  const { timeoutMs = Number.POSITIVE_INFINITY, idempotent = false } = options
  checkNames(owner, options, { timeoutMs, idempotent })
  if (typeof timeoutMs !== 'number' || !(timeoutMs > 0)) {
    throw unusable(owner, 'timeoutMs', timeoutMs, 'a positive number')
  }
  if (typeof idempotent !== 'boolean') {
    throw unusable(owner, 'idempotent', idempotent, 'true or false')
  }
  return { timeoutMs, idempotent }
}

function unusable(owner: string, option: string, value: unknown, advice: string): WirefoldError {
  const message = `${owner} does not accept the ${option} ${inspect(value, { depth: 0 })}. Give ${advice}.`
  return badOption(option, message)
}

/** A handler with its options. */
export interface AddedHandler {
  readonly handler: RequestHandler<never>
  /** `Infinity` for no timeout. */
  readonly timeoutMs: number
  readonly idempotent: boolean
}
