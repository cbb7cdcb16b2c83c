import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../base/clock.ts'
import { isPromise } from '../../base/deferred.ts'
import type { ChannelPosition, Position } from '../../protocol/frame.ts'
import type { User } from '../access/hooks.ts'
import { refusalFromError } from '../access/refusals.ts'
import type { RequestPart } from '../broker/broker.ts'
import type { Publisher } from './publisher.ts'

/**
 * A request while its handler runs. Gives each event of the handler its own id, and collects the
 * positions for the reply.
 */
export class PublishContext {
  readonly #deps: PublishContextDeps
  readonly #contexts: PublishContexts
  #running = false
  readonly #positions: ChannelPosition[] = []
  /** Numbers of events by channel, and by channel and type; most requests have no event. */
  #counts: Map<string, number> | undefined
  #parts: Map<string, number> | undefined

  /** @param contexts the running requests of its server */
  constructor(deps: PublishContextDeps, contexts: PublishContexts) {
    this.#deps = deps
    this.#contexts = contexts
  }

  /** Whether its handler runs, on the server of these requests. */
  runsOn(contexts: PublishContexts): boolean {
    return this.#running && this.#contexts === contexts
  }

  /**
   * Runs its handler; {@link PublishContexts.current} is this request meanwhile.
   *
   * @returns what the handler returns; a promise only of a promise, since with an
   * `AsyncLocalStorage` each promise is expensive
   */
  run<Result>(handler: () => Result | Promise<Result>): Result | Promise<Result> {
    const end = (): void => {
      this.#running = false
    }
    this.#running = true
    let result: Result | Promise<Result>
    try {
      result = storage.run(this, handler)
    } catch (error) {
      end()
      throw error
    }
    if (isPromise(result)) return Promise.resolve(result).finally(end)
    end()
    return result
  }

  /** The user who sent the request; `null` if anonymous. */
  get user(): User | null {
    return this.#deps.user
  }

  /** The positions of the events published so far. */
  get at(): readonly ChannelPosition[] {
    return this.#positions
  }

  /**
   * Adds an event to a channel.
   *
   * Rejects with a plain `Error` instead of a refusal: a retryable refusal would let the client
   * repeat the request, although the handler may have had effects before.
   *
   * @param id the event's id, if it is not derived from the request's
   */
  async publish(channel: string, type: string, payload: unknown, id?: string): Promise<Position> {
    const { publisher, clock } = this.#deps
    const event = { type, id: id ?? this.#nextId(channel), timestamp: clock.wall() }
    const position = await publisher
      .publish(channel, event, payload, undefined, this.#nextPart(channel, type))
      .catch(throwUnretryable)
    this.#positions.push({ channel, ...position })
    return position
  }

  /** Identifies the next event in the same way each time that the request runs. */
  #nextPart(channel: string, type: string): RequestPart | undefined {
    const { key, idempotent } = this.#deps
    if (key === undefined) return undefined
    const kind = JSON.stringify([channel, type])
    this.#parts ??= new Map()
    const count = nextOf(this.#parts, kind)
    return { key, once: idempotent ? `${count}${kind}` : '' }
  }

  /** Returns a different id for each event on a channel; `undefined` if the request has none. */
  #nextId(channel: string): string | undefined {
    const { id } = this.#deps
    this.#counts ??= new Map()
    const count = nextOf(this.#counts, channel)
    return id === undefined || count === 1 ? id : `${id}/${count}`
  }
}

/** The dependencies of a {@link PublishContext}. */
export interface PublishContextDeps {
  readonly publisher: Publisher
  readonly clock: Clock
  /** The user who sent the request. */
  readonly user: User | null
  /** The sender's id for the first event on each channel, if any. */
  readonly id: string | undefined
  /** The key of the request in the reply store; `undefined` if its result is not stored. */
  readonly key: string | undefined
  /** Whether the request may run again, so that each of its events is added only once. */
  readonly idempotent: boolean
}

/** Shared by all servers, since each instance slows down every promise of the process. */
const storage = new AsyncLocalStorage<PublishContext>()

/** The running requests of a server; finds the one that the present code belongs to. */
export class PublishContexts {
  /**
   * The request of this server whose handler, directly or not, called the present code; `undefined`
   * if there is none, or if its handler has returned (and left a timer behind, for example).
   */
  get current(): PublishContext | undefined {
    const request = storage.getStore()
    return request?.runsOn(this) ? request : undefined
  }
}

/** Counts a name once more; returns its new number. */
function nextOf(counts: Map<string, number>, name: string): number {
  const count = (counts.get(name) ?? 0) + 1
  counts.set(name, count)
  return count
}

/** Throws an error; wraps a refusal, which otherwise would be sent to the client. */
function throwUnretryable(error: unknown): never {
  if (!refusalFromError(error)) throw error
  throw new Error('An event of a request handler could not be published.', { cause: error })
}
