import { WirefoldError } from '../base/errors.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'

/** Default values of {@link EventsOptions}. */
export const eventsDefaults = { buffer: 256, overflow: 'error' } as const

/**
 * Returns the events of a channel as an async iterable; each iteration has its own subscription,
 * which ends with the loop.
 *
 * Throws the server's refusal, if it refuses the channel.
 *
 * @example
 * for await (const event of events(channels, 'entity:Task', { signal })) console.log(event.type)
 */
export function channelEvents<Payload = unknown>(
  subscriber: ChannelSubscriber,
  channel: string,
  options: EventsOptions = {},
): AsyncIterable<EventFrame<string, Payload>> {
  return { [Symbol.asyncIterator]: () => iterate<Payload>(subscriber, channel, options) }
}

function iterate<Payload>(
  subscriber: ChannelSubscriber,
  channel: string,
  options: EventsOptions,
): AsyncIterator<EventFrame<string, Payload>, undefined> {
  type Result = IteratorResult<EventFrame<string, Payload>, undefined>
  const { signal } = options
  const limit = options.buffer ?? eventsDefaults.buffer
  const overflow = options.overflow ?? eventsDefaults.overflow
  const buffer: EventFrame<string, Payload>[] = []
  const readers: { resolve(result: Result): void; reject(error: unknown): void }[] = []
  let ended: { readonly error: unknown } | undefined

  const release = subscriber.subscribe<Payload>(
    channel,
    (_, event) => {
      const reader = readers.shift()
      if (reader) reader.resolve({ done: false, value: event })
      else if (buffer.length < limit) buffer.push(event)
      else if (overflow === 'error') end(overflowed(channel, limit))
      else {
        // In this order, so that a buffer of 0 stays empty.
        buffer.push(event)
        buffer.shift()
      }
    },
    { onError: (error) => end(error) },
  )
  const onAbort = (): void => {
    buffer.length = 0
    end(undefined)
  }
  if (signal?.aborted) onAbort()
  else signal?.addEventListener('abort', onAbort)

  /** Ends the iteration once: pending and later reads are done, and one of them gets the error. */
  function end(error: unknown): void {
    if (ended) return
    ended = { error }
    release()
    signal?.removeEventListener('abort', onAbort)
    for (const reader of readers.splice(0)) finish(reader)
  }

  function finish(reader: (typeof readers)[number]): void {
    const error = ended?.error
    ended = { error: undefined }
    if (error === undefined) reader.resolve({ done: true, value: undefined })
    else reader.reject(error)
  }

  return {
    next: () =>
      new Promise<Result>((resolve, reject) => {
        const value = buffer.shift()
        if (value) resolve({ done: false, value })
        else if (ended) finish({ resolve, reject })
        else readers.push({ resolve, reject })
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
export interface EventsOptions {
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
