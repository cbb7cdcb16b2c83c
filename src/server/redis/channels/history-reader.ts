import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice } from '../../broker/broker.ts'
import { ChannelEvent } from '../../broker/channel-event.ts'
import type { StoreGeneration } from '../batches/store-generation.ts'
import type { CancellableWaits } from '../connection/cancellable-waits.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import { entriesOf, listOf } from '../connection/resp-values.ts'
import type { Script, ScriptRunner } from '../connection/script-runner.ts'
import { EVENTS_PER_READ, HEADS, SINCE } from '../scripts/history.ts'
import { RENEW } from '../scripts/store-generation.ts'
import { readEvent } from './event-codec.ts'

/** Maximum number of channels in one script call. */
const CHANNELS_PER_CALL = 500

/** Reads positions and histories from Redis; its methods retry until Redis replies. */
export class HistoryReader {
  readonly #runner: ScriptRunner
  readonly #generation: StoreGeneration
  readonly #waits: CancellableWaits

  /** @param generation updated from the replies */
  constructor(runner: ScriptRunner, generation: StoreGeneration, waits: CancellableWaits) {
    this.#runner = runner
    this.#generation = generation
    this.#waits = waits
  }

  /** Returns the newest positions of channels; reading them keeps their counters alive. */
  async heads(names: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    const heads = new Map<string, Position>()
    // With no names, one call is made all the same, to update the generation.
    for (let from = 0; !from || from < names.length; from += CHANNELS_PER_CALL) {
      const part = names.slice(from, from + CHANNELS_PER_CALL)
      const positions = await this.#request(HEADS, ...part)
      for (const [at, name] of part.entries()) {
        heads.set(name, { epoch: String(positions[2 * at]), offset: Number(positions[2 * at + 1]) })
      }
    }
    return heads
  }

  /** Returns the newest position of a channel. */
  async head(name: string): Promise<Position> {
    const heads = await this.heads([name])
    return heads.get(name) ?? { epoch: '', offset: 0 }
  }

  /** Returns the events of a channel's stream after a position. */
  async since(name: string, position: Position): Promise<HistorySlice> {
    const events: ChannelEvent[] = []
    for (let from = position.offset; ; from += EVENTS_PER_READ) {
      const reply = await this.#run(SINCE, name, position.epoch, from)
      const [epoch, offset, entries] = listOf(reply)
      const head = { epoch: String(epoch), offset: Number(offset) }
      const read = entriesOf(entries)
      for (const entry of read) {
        const event = eventOf(name, head.epoch, entry)
        if (event) events.push(event)
      }
      if (!Array.isArray(entries) || events.length !== from - position.offset + read.length) {
        return { head, events: [], complete: false }
      }
      if (from + read.length === head.offset) return { head, events, complete: true }
    }
  }

  /** Starts a new generation, unless another node has done so already. */
  async renew(): Promise<void> {
    await this.#request(RENEW, this.#generation.id)
  }

  async #request(
    script: Script,
    ...args: readonly (string | number)[]
  ): Promise<readonly unknown[]> {
    const [id, ageMs, ...rest] = listOf(await this.#run(script, ...args))
    this.#generation.learn(String(id), Number(ageMs))
    return rest
  }

  #run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#waits.untilAnswered(() => this.#runner.run(script, ...args))
  }
}

/** Returns the counter id within an epoch. */
export function counterIdOf(epoch: string): string {
  return epoch.slice(epoch.lastIndexOf('.') + 1)
}

/** Decodes a stream entry; `undefined` if it is not an event. */
export function eventOf(
  channel: string,
  epoch: string,
  { id, fields }: StreamEntry,
): ChannelEvent | undefined {
  const offset = Number(id.slice(id.indexOf('-') + 1))
  const event = readEvent({ head: fields.get('head') ?? '', json: fields.get('json') ?? '' })
  return event && new ChannelEvent(channel, { epoch, offset }, event)
}
