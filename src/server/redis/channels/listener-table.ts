import type { Position } from '../../../protocol/frame.ts'
import type { ChannelListener } from '../../broker/broker.ts'
import type { ChannelEvent } from '../../broker/channel-event.ts'

interface Channel {
  readonly listeners: Set<{ readonly listener: ChannelListener }>
  readonly ready: Promise<void>
}

/** The channels that this process follows, each once, and who listens to them. */
export class ListenerTable {
  readonly #channels = new Map<string, Channel>()

  /** Their names. */
  get names(): readonly string[] {
    return [...this.#channels.keys()]
  }

  /**
   * Adds a listener.
   *
   * @param begin begins with a channel that nobody listened to
   * @param end ends with a channel that nobody listens to any more
   * @returns removes it; safe to call twice
   */
  async add(
    name: string,
    listener: ChannelListener,
    begin: () => Promise<void>,
    end: () => void,
  ): Promise<() => void> {
    const channel = this.#channels.get(name) ?? { listeners: new Set(), ready: begin() }
    this.#channels.set(name, channel)
    // An object of its own for every call, so that one listener may be added twice.
    const own = { listener }
    const remove = (): void => {
      if (!channel.listeners.delete(own) || channel.listeners.size) return
      if (this.#channels.get(name) !== channel) return
      this.#channels.delete(name)
      end()
    }
    channel.listeners.add(own)
    try {
      await channel.ready
    } catch (error) {
      remove()
      throw error
    }
    return remove
  }

  /** Tells an event to those who listen. */
  event(event: ChannelEvent): void {
    for (const { listener } of this.#channels.get(event.channel)?.listeners ?? []) {
      listener.event(event)
    }
  }

  /** Tells those who listen that they may have missed something. */
  broken(name: string, head: Position): void {
    for (const { listener } of this.#channels.get(name)?.listeners ?? []) listener.broken(head)
  }

  /** Nobody hears anything any more. */
  clear(): void {
    this.#channels.clear()
  }
}
