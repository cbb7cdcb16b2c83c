import type { Position } from '../../../protocol/frame.ts'
import type { ChannelListener } from '../../broker/broker.ts'
import type { ChannelEvent } from '../../broker/channel-event.ts'

/** The channels that this process follows, with their listeners. */
export class ListenerTable {
  readonly #channels = new Map<string, Channel>()

  /** The names of the followed channels. */
  get names(): readonly string[] {
    return [...this.#channels.keys()]
  }

  /**
   * Adds a listener to a channel.
   *
   * @param begin starts to follow the channel; called for its first listener
   * @param end stops following the channel; called after its last listener was removed
   * @returns a function that removes the listener; safe to call twice
   */
  async add(
    name: string,
    listener: ChannelListener,
    begin: () => Promise<void>,
    end: () => void,
  ): Promise<() => void> {
    const channel = this.#channels.get(name) ?? { listeners: new Set(), ready: begin() }
    this.#channels.set(name, channel)
    // A new object per call, so that the same listener can be added twice.
    const entry = { listener }
    const remove = (): void => {
      if (!channel.listeners.delete(entry) || channel.listeners.size) return
      if (this.#channels.get(name) !== channel) return
      this.#channels.delete(name)
      end()
    }
    channel.listeners.add(entry)
    try {
      await channel.ready
    } catch (error) {
      remove()
      throw error
    }
    return remove
  }

  /** Passes an event to the listeners of its channel. */
  event(event: ChannelEvent): void {
    for (const { listener } of this.#channels.get(event.channel)?.listeners ?? []) {
      listener.event(event)
    }
  }

  /** Notifies the listeners of a channel that events may have been lost. */
  broken(name: string, head: Position): void {
    for (const { listener } of this.#channels.get(name)?.listeners ?? []) listener.broken(head)
  }

  /** Removes all channels and listeners. */
  clear(): void {
    this.#channels.clear()
  }
}

interface Channel {
  readonly listeners: Set<{ readonly listener: ChannelListener }>
  readonly ready: Promise<void>
}
