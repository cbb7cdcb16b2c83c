import { printError, safely } from '../../base/report.ts'

/** Hears the events of one type; a promise it returns is waited for. */
export type BusSubscriber<Payload> = (payload: Payload) => unknown

/** What a bus says of a payload; where it says nothing, what the subscriber expects. */
type PayloadOf<Known, Expected> = unknown extends Known ? Expected : Known

/** How an {@link EventBus} is made. */
export interface EventBusOptions {
  /**
   * Receives what a subscriber threw, or rejected with.
   * @default console.error
   */
  readonly onError?: ((error: unknown) => void) | undefined
}

/**
 * Carries what happened in an application's own code to whoever wants to know: a broadcast to
 * clients, an audit log, a cache. It knows neither sockets nor channels.
 *
 * @example
 * const bus = new EventBus<{ 'agent:updated': Agent }>()
 * bus.subscribe('agent:updated', (agent) => server.publish(`agent:${agent.id}`, 'agent:updated', agent))
 */
export class EventBus<Events extends object = Record<string, unknown>> {
  /** Takes an error of whoever feeds or follows the bus; never throws. */
  readonly report: (error: unknown) => void
  readonly #subscribers = new Map<keyof Events, readonly BusSubscriber<never>[]>()

  constructor(options: EventBusOptions = {}) {
    this.report = safely(options.onError ?? printError)
  }

  /**
   * Has `subscriber` called with every event of a type; one that fails stops nobody.
   *
   * @returns ends it; safe to call twice
   */
  subscribe<Type extends keyof Events, Payload = unknown>(
    type: Type,
    subscriber: BusSubscriber<PayloadOf<Events[Type], Payload>>,
  ): () => void {
    // One of its own for every call, so that one function may be subscribed twice.
    const own: BusSubscriber<PayloadOf<Events[Type], Payload>> = (payload) => subscriber(payload)
    this.#subscribers.set(type, [...(this.#subscribers.get(type) ?? []), own])
    return () => {
      const left = this.#subscribers.get(type)?.filter((other) => other !== own)
      if (left?.length) this.#subscribers.set(type, left)
      else this.#subscribers.delete(type)
    }
  }

  /**
   * Tells those who subscribed to a type before this call, in their order.
   *
   * @returns resolves once all are done, however they fared
   */
  async publish<Type extends keyof Events>(type: Type, payload: Events[Type]): Promise<void> {
    // They are kept under the type whose payload they take.
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

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'EventBus'
  }
}
