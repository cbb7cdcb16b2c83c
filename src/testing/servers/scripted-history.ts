import type { Position } from '../../protocol/frame.ts'
import type { OutgoingEvent } from '../../protocol/server-frame.ts'
import { familiesOf } from './families.ts'

/** The events of all channels and families of a scripted server, each numbered from 1. */
export class ScriptedHistory {
  /** Epoch of all histories; a new one means that the history was lost. */
  epoch = 'e1'
  readonly #channels = new Map<string, OutgoingEvent[]>()

  /**
   * Appends an event to its channel, and to the families of the channel.
   *
   * @returns the event as each of them delivers it
   */
  add(
    channel: string,
    type: string,
    payload: unknown,
    timestamp: number,
  ): readonly OutgoingEvent[] {
    const json = payload === undefined ? undefined : JSON.stringify(payload)
    const id = `${channel}#${this.#of(channel).length + 1}`
    return [channel, ...familiesOf(channel)].map((place) => {
      const events = this.#of(place)
      const via = place === channel ? undefined : place
      const event = { type, channel, json, id, offset: events.length + 1, via, timestamp }
      events.push(event)
      return event
    })
  }

  /**
   * Returns where a subscribe begins, and the events after it. A position of another epoch begins
   * before the first event of the present one.
   */
  after(channel: string, since: Position | undefined): HistoryTail {
    const events = this.#of(channel)
    const { epoch } = this
    const isOld = since !== undefined && since.epoch !== epoch
    const from = isOld ? 0 : (since?.offset ?? events.length)
    return { at: { epoch, offset: isOld ? 0 : events.length }, missed: events.slice(from) }
  }

  /** Drops all events and starts a new epoch. */
  forget(epoch: string): void {
    this.epoch = epoch
    this.#channels.clear()
  }

  #of(channel: string): OutgoingEvent[] {
    const events = this.#channels.get(channel) ?? []
    this.#channels.set(channel, events)
    return events
  }
}

/** The end of a channel's history. */
export interface HistoryTail {
  readonly at: Position
  readonly missed: readonly OutgoingEvent[]
}
