import { printError, safely } from '../../base/report.ts'

/**
 * An event bus for an application's own events, with subscribers such as a broadcast to clients, an
 * audit log, or a cache. It does not depend on sockets or channels.
 *
 * @example
 * import { EventBus } from 'wirefold/server'
 *
 * const bus = new EventBus<{ 'task:done': Task }>()
 * bus.subscribe('task:done', (task) => server.publish(`task:${task.id}`, 'done', task))
 */
export class EventBus<Events extends object = Record<string, unknown>> {
  /** Reports an error of a publisher or a subscriber; never throws. */
  readonly report: (error: unknown) => void
  readonly #subscribers = new Map<keyof Events, readonly BusSubscriber<never>[]>()

  /** Creates a bus without subscribers. */
  constructor(options: EventBusOptions = {}) {
    this.report = safely(options.onError ?? printError)
  }

  /**
   * Calls `subscriber` with every event of a type. If it fails, the other subscribers are called
   * all the same. Where the bus declares no payload for the type, the subscriber's annotation counts.
   *
   * @returns a function that unsubscribes; safe to call twice
   */
  subscribe<Type extends keyof Events, Payload = unknown>(
    type: Type,
    subscriber: BusSubscriber<unknown extends Events[Type] ? Payload : Events[Type]>,
  ): () => void {
    // A new function per call, so that the same function can subscribe twice.
    const own: typeof subscriber = (payload) => subscriber(payload)
    this.#subscribers.set(type, [...(this.#subscribers.get(type) ?? []), own])
    return () => {
      const left = this.#subscribers.get(type)?.filter((other) => other !== own)
      if (left?.length) this.#subscribers.set(type, left)
      else this.#subscribers.delete(type)
    }
  }

  /**
   * Calls the present subscribers of a type, in the order in which they subscribed.
   *
   * @returns a promise that resolves once all are done, even if some failed
   */
  async publish<Type extends keyof Events>(type: Type, payload: Events[Type]): Promise<void> {
    // `subscribe` stored them under the type whose payload they take.
    const subscribers = (this.#subscribers.get(type) ?? []) as readonly BusSubscriber<
      Events[Type]
    >[]
    await Promise.all(subscribers.map((subscriber) => this.#call(subscriber, payload)))
  }

  async #call<Payload>(subscriber: BusSubscriber<Payload>, payload: Payload): Promise<void> {
    try {
      await subscriber(payload)
    } catch (error) {
      this.report(error)
    }
  }

  /** @internal Vue's `reactive` does not proxy objects with their own `toStringTag`. */
  get [Symbol.toStringTag](): string {
    return 'EventBus'
  }
}

/** Options of an {@link EventBus}. */
export interface EventBusOptions {
  /**
   * Called with errors of subscribers, thrown or rejected.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/** A subscriber to one type of event; the bus awaits a returned promise. */
export type BusSubscriber<Payload> = (payload: Payload) => unknown
