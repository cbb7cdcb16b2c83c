import type { Position } from '../../../protocol/frame.ts'
import type { HistorySlice } from '../../broker/broker.ts'
import { ChannelEvent } from '../../broker/channel-event.ts'
import type { CancellableWaits } from '../cancellable-waits.ts'
import type { StreamEntry } from '../connection/resp-values.ts'
import { entriesOf, listOf } from '../connection/resp-values.ts'
import type { Script, ScriptRunner } from '../connection/script-runner.ts'
import { HEADS, SINCE } from '../scripts/history.ts'
import { LEASE, RENEW } from '../scripts/store-generation.ts'
import type { StoreGeneration } from '../store-generation.ts'
import { readEvent } from './event-codec.ts'

/** The most channels asked for in one step. */
const CHANNELS_PER_CALL = 500

/** What Redis knows of channels. While it cannot be reached, everything here waits. */
export class HistoryReader {
  readonly #runner: ScriptRunner
  readonly #generation: StoreGeneration
  readonly #waits: CancellableWaits

  /** @param generation learns of every reply */
  constructor(runner: ScriptRunner, generation: StoreGeneration, waits: CancellableWaits) {
    this.#runner = runner
    this.#generation = generation
    this.#waits = waits
  }

  /** Where channels stand; asking keeps their counters. */
  async heads(names: readonly string[]): Promise<ReadonlyMap<string, Position>> {
    const heads = new Map<string, Position>()
    // Where none is asked for, the era is.
    for (let from = 0; !from || from < names.length; from += CHANNELS_PER_CALL) {
      const part = names.slice(from, from + CHANNELS_PER_CALL)
      const places = await this.#ask(HEADS, ...part)
      for (const [at, name] of part.entries()) {
        heads.set(name, { epoch: String(places[2 * at]), offset: Number(places[2 * at + 1]) })
      }
    }
    return heads
  }

  /** Where one channel stands. */
  async head(name: string): Promise<Position> {
    const heads = await this.heads([name])
    return heads.get(name) ?? { epoch: '', offset: 0 }
  }

  /** What is in a channel's stream after a place. */
  async since(name: string, position: Position): Promise<HistorySlice> {
    const reply = await this.#run(SINCE, name, position.epoch, position.offset)
    const [epoch, offset, entries] = listOf(reply)
    const head = { epoch: String(epoch), offset: Number(offset) }
    const events: ChannelEvent[] = []
    for (const entry of entriesOf(entries)) {
      const event = eventOf(name, head.epoch, entry)
      if (event) events.push(event)
    }
    const complete = Array.isArray(entries) && events.length === entries.length
    return { head, events: complete ? events : [], complete }
  }

  /** Tells that a node lives. */
  async lease(node: string, leaseMs: number): Promise<void> {
    await this.#ask(LEASE, node, leaseMs)
  }

  /** Ends the era, unless somebody did so before. */
  async renew(): Promise<void> {
    await this.#ask(RENEW, this.#generation.id)
  }

  async #ask(script: Script, ...args: readonly (string | number)[]): Promise<readonly unknown[]> {
    const [id, ageMs, ...rest] = listOf(await this.#run(script, ...args))
    this.#generation.learn(String(id), Number(ageMs))
    return rest
  }

  #run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    return this.#waits.untilAnswered(() => this.#runner.run(script, ...args))
  }
}

/** Which of a channel's counters an epoch is of. */
export function counterIdOf(epoch: string): string {
  return epoch.slice(epoch.lastIndexOf('.') + 1)
}

/** The event of a stream's entry. */
export function eventOf(
  channel: string,
  epoch: string,
  { id, fields }: StreamEntry,
): ChannelEvent | undefined {
  const offset = Number(id.slice(id.indexOf('-') + 1))
  const event = readEvent({ head: fields.get('head') ?? '', json: fields.get('json') ?? '' })
  return event && new ChannelEvent(channel, { epoch, offset }, event)
}
