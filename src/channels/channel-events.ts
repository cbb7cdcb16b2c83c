import { WirefoldError } from '../base/errors.ts'
import type { Untyped } from '../contract/contract-types.ts'
import type { EventIn } from '../contract/event-types.ts'
import type { ChannelArg } from '../contract/name-types.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { Subscriber } from './subscriber.ts'
import type { SubscribeOptions } from './subscription.ts'

/** Default values of {@link EventsOptions}. */
export const eventsDefaults = { buffer: 256, overflow: 'error' } as const

/**
 * Returns the events of a channel as an async iterable; each iteration has its own subscription,
 * which ends with the loop.
 *
 * Throws the server's refusal, if it refuses the channel. A channel that ends, ends the loop.
 *
 * @example
 * import { channelEvents } from 'wirefold'
 *
 * for await (const event of channelEvents(channels, 'entity:Task')) console.log(event.type)
 */
export function channelEvents<
  Payload = unknown,
  C extends Untyped = Untyped,
  const Name extends string = string,
>(
  subscriber: Subscriber<C>,
  channel: ChannelArg<C, Name>,
  options: EventsOptions = {},
): AsyncIterable<EventIn<C, Name, Payload>> {
  type Event = EventIn<C, Name, Payload>
  return { [Symbol.asyncIterator]: () => iterate<Event>(subscriber, channel as string, options) }
}

function iterate<Event>(
  subscriber: Subscriber,
  channel: string,
  options: EventsOptions,
): AsyncIterator<Event, undefined> {
  type Result = IteratorResult<Event, undefined>
  const { signal, params, buffer: limit = eventsDefaults.buffer } = options
  const { overflow = eventsDefaults.overflow } = options
  const buffer: Event[] = []
  const readers: { resolve(result: Result): void; reject(error: unknown): void }[] = []
  let ended = false
  let failure: unknown

  const release = subscriber.subscribe(
    channel,
    (_, event: EventFrame) => {
      // The channel's events have the type that the caller expects.
      buffer.push(event as Event)
      serve()
      if (buffer.length <= limit) return
      if (overflow === 'latest') buffer.shift()
      else {
        buffer.pop()
        end(overflowed(channel, limit))
      }
    },
    { onError: end, params },
  )
  const unfollow = release.status.listen(({ name }) => name === 'ended' && end())
  const onAbort = (): void => {
    buffer.length = 0
    end()
  }
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)

  /** Ends the iteration once: pending and later reads are done, and one of them gets the error. */
  function end(error?: unknown): void {
    if (ended) return
    ended = true
    failure = error
    unfollow()
    release()
    signal?.removeEventListener('abort', onAbort)
    serve()
  }

  /** Settles the pending reads that have an event, or the end. */
  function serve(): void {
    while (ended || buffer.length > 0) {
      const reader = readers.shift()
      if (!reader) return
      const value = buffer.shift()
      if (value) reader.resolve({ done: false, value })
      else if (failure === undefined) reader.resolve({ done: true, value: undefined })
      else {
        reader.reject(failure)
        failure = undefined
      }
    }
  }

  return {
    next: () =>
      new Promise<Result>((resolve, reject) => {
        readers.push({ resolve, reject })
        serve()
      }),
    return: async () => {
      onAbort()
      return { done: true, value: undefined }
    },
  }
}

function overflowed(channel: string, limit: number): WirefoldError {
  const message = `More than ${limit} events of ${channel} waited to be read. Read faster, raise \`buffer\`, or set overflow: 'latest'.`
  return new WirefoldError('overflow', message, { channel, limit })
}

/** Options of an iteration over the events of a channel. */
export interface EventsOptions extends Pick<SubscribeOptions, 'params'> {
  /** Ends the iteration when it fires; buffered events are dropped. */
  readonly signal?: AbortSignal | undefined
  /**
   * Maximum number of events that are buffered.
   * @default 256
   */
  readonly buffer?: number | undefined
  /**
   * Policy for an event that finds the buffer full: `latest` drops the oldest buffered event,
   * `error` ends the iteration with an `overflow` error after the buffered events.
   * @default 'error'
   */
  readonly overflow?: 'latest' | 'error' | undefined
}
