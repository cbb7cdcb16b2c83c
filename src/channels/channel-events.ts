import { WirefoldError } from '../base/errors.ts'
import type { EventFrame } from '../protocol/frame.ts'
import type { ChannelSubscriber } from './channel-subscriber.ts'

/** How the events of a channel are iterated. */
export interface EventsOptions {
  /** Ends the iteration when it fires; what is buffered is dropped. */
  readonly signal?: AbortSignal | undefined
  /**
   * How many events may wait to be read.
   * @default 256
   */
  readonly buffer?: number | undefined
  /**
   * What happens to an event that finds the buffer full: `latest` drops the oldest for it, `error`
   * ends the iteration with an `overflow` error once what is buffered was read.
   * @default 'error'
   */
  readonly overflow?: 'latest' | 'error' | undefined
}

/** What holds where nothing is said. */
export const eventsDefaults = { buffer: 256, overflow: 'error' } as const

/**
 * The events of a channel as an async iterable; each iteration is a subscription of its own, which
 * ends with the loop.
 *
 * A refused channel throws what the server refused with.
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
        buffer.shift()
        buffer.push(event)
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

  /** Once: whoever waits now, or comes later, hears of it, the error only once. */
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
  const message = `More than ${limit} events of ${channel} waited to be read. Read faster, or take overflow: 'latest'.`
  return new WirefoldError('overflow', message, { channel, limit })
}
