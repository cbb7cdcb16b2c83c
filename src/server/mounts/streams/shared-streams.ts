import type { StreamId, StreamsServer } from '../../../dialects/streams/server.ts'
import { readStreamId, withIds, withoutIds } from '../../../dialects/streams/server.ts'
import type { RequestedPlugin } from './requested-plugins.ts'

/**
 * The streams of one connection. Its plugins share the subscribe to a stream: the events are sent
 * once, with ids and after the earliest id if one of the plugins wants that.
 */
export class SharedStreams {
  readonly #after = new Map<string, string>()
  readonly #joined = new Map<string, Promise<boolean>>()

  constructor(requested: readonly RequestedPlugin[], { encoders }: StreamsServer) {
    for (const { stream, strategy, lastSeen } of requested) {
      if (strategy === 'streams') encoders.set(stream, withIds)
      else if (!encoders.has(stream)) encoders.set(stream, withoutIds)
      const earliest = this.#after.get(stream)
      if (lastSeen === undefined) continue
      if (earliest === undefined || isBefore(lastSeen, earliest)) this.#after.set(stream, lastSeen)
    }
  }

  /**
   * Joins a stream with its first plugin; the others get the same result.
   *
   * @param subscribe subscribes the connection after an id; returns false if that is refused
   */
  join(
    stream: string,
    subscribe: (after: string | undefined) => Promise<boolean>,
  ): Promise<boolean> {
    const joined = this.#joined.get(stream) ?? subscribe(this.#after.get(stream))
    this.#joined.set(stream, joined)
    return joined
  }
}

/** Whether an id comes before another one; a text that is no id stands for the newest event. */
function isBefore(id: string, other: string): boolean {
  const newest: StreamId = { ms: Number.POSITIVE_INFINITY, source: 0, offset: 0 }
  const [one, two] = [readStreamId(id) ?? newest, readStreamId(other) ?? newest]
  return one.ms - two.ms < 0 || (one.ms === two.ms && one.offset < two.offset)
}
