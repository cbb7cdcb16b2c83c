import type { Position } from '../../protocol/frame.ts'
import { isOwnType } from '../../protocol/reserved-types.ts'
import type { User } from '../access/hooks.ts'

/** What a request handler knows of the request besides its payload. */
export interface RequestContext {
  /** Who asks; `null` for nobody in particular. */
  readonly user: User | null
  readonly connectionId: string
  /** The asker's id for this request: the same when it is asked again. */
  readonly requestId: string
  /** The channel the request is about, where it names one. */
  readonly channel: string | undefined
  /** The asker's id for the event it brings about, where they gave one. */
  readonly id: string | undefined
  /**
   * Aborted once the connection is gone. The answer is remembered all the same, for an asker who comes
   * back for it, and so is a failure: whoever gives up before anything happened says so with a
   * `refuse` that is `retryable`.
   */
  readonly signal: AbortSignal
  /**
   * Adds an event to a channel; its place is told to the asker with the answer.
   *
   * The first on a channel carries the {@link RequestContext.id} of the request, the second the same
   * with `/2` behind it, and so on: so the asker knows them for its own. `publish` of the server does
   * the same while the handler runs.
   */
  publish(channel: string, type: string, payload?: unknown): Promise<Position>
}

/**
 * Answers requests of one type. What it returns is the reply; an error made by `refuse` is a no
 * that the client sees, any other one reaches it as `handler-failed`.
 *
 * It runs once for a request, however often that is sent: the answer is remembered, unless it is a
 * refusal that is `retryable`.
 *
 * `Payload` is what the handler expects. A client may send anything: check a payload before relying on
 * its type.
 */
export type RequestHandler<Payload = unknown> = (
  payload: Payload,
  context: RequestContext,
) => unknown

/** The request handlers by type. */
export class RequestHandlers {
  readonly #byType = new Map<string, RequestHandler<never>>()

  /**
   * Adds a handler; throws a `TypeError` where the type is taken or belongs to the protocol.
   *
   * @returns removes it; safe to call twice
   */
  add(type: string, handler: RequestHandler<never>): () => void {
    if (!isOwnType(type) || this.#byType.has(type)) {
      throw new TypeError(`"${type}" has a handler already, or is a word of the protocol.`)
    }
    this.#byType.set(type, handler)
    return () => {
      if (this.#byType.get(type) === handler) this.#byType.delete(type)
    }
  }

  /** The handler of a type. */
  get(type: string): RequestHandler<never> | undefined {
    return this.#byType.get(type)
  }
}
