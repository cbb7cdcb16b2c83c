import { AsyncLocalStorage } from 'node:async_hooks'
import type { Clock } from '../../base/clock.ts'
import type { ChannelPosition, Position } from '../../protocol/frame.ts'
import type { User } from '../access/hooks.ts'
import { refusalFromError } from '../access/refusals.ts'
import type { Publisher } from './publisher.ts'

/** What an {@link PublishContext} is made of. */
export interface PublishContextDeps {
  readonly publisher: Publisher
  readonly clock: Clock
  /** Who asks. */
  readonly user: User | null
  /** The asker's id for what the request brings about. */
  readonly id: string | undefined
}

/** A request while its handler runs: what it publishes has ids of its own, and is told to the asker. */
export class PublishContext {
  readonly #deps: PublishContextDeps
  readonly #at: ChannelPosition[] = []
  readonly #counts = new Map<string, number>()

  constructor(deps: PublishContextDeps) {
    this.#deps = deps
  }

  /** Who asks. */
  get user(): User | null {
    return this.#deps.user
  }

  /** Where the events stand that were published so far. */
  get at(): readonly ChannelPosition[] {
    return this.#at
  }

  /**
   * Adds an event to a channel.
   *
   * What could not be published is no reason to ask again, whoever says so: the handler may have done
   * something before. Unless it decides otherwise, the request has failed.
   *
   * @param id the event's id where it has one of its own
   */
  async publish(channel: string, type: string, payload: unknown, id?: string): Promise<Position> {
    const { publisher, clock } = this.#deps
    const event = { type, id: id ?? this.#nextId(channel), timestamp: clock.wall() }
    const position = await publisher.publish(channel, event, payload).catch(handlersOwn)
    this.#at.push({ channel, ...position })
    return position
  }

  /** The ids of the events on one channel: each its own. */
  #nextId(channel: string): string | undefined {
    const { id } = this.#deps
    const count = (this.#counts.get(channel) ?? 0) + 1
    this.#counts.set(channel, count)
    return id === undefined || count === 1 ? id : `${id}/${count}`
  }
}

/** One for all servers of a process: each instance costs every promise of the process a little, for good. */
const storage = new AsyncLocalStorage<PublishContext>()

/** Tells which request of a server the code that runs now is part of, however deep down that code is. */
export class PublishContexts {
  /** Weak, since a handler may never return. */
  readonly #running = new WeakSet<PublishContext>()

  /**
   * The request whose handler runs; `undefined` outside of any of this server, and for what a handler has left behind,
   * such as a timer, once it has returned.
   */
  get current(): PublishContext | undefined {
    const request = storage.getStore()
    return request && this.#running.has(request) ? request : undefined
  }

  /** Runs the handler of a request. */
  async run<Result>(
    request: PublishContext,
    handler: () => Result | Promise<Result>,
  ): Promise<Result> {
    this.#running.add(request)
    try {
      return await storage.run(request, handler)
    } finally {
      this.#running.delete(request)
    }
  }
}

function handlersOwn(error: unknown): never {
  if (!refusalFromError(error)) throw error
  throw new Error('An event could not be published.', { cause: error })
}
