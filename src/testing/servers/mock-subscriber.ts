import type { Clock } from '../../base/clock.ts'
import { systemClock } from '../../base/clock.ts'
import { withDefaults } from '../../base/known-names.ts'
import { printError } from '../../base/report.ts'
import { ChannelSubscriber } from '../../channels/channel-subscriber.ts'
import type { Frame } from '../../protocol/frame.ts'
import { eventFrame } from '../../protocol/frame-constructors.ts'
import type { Intent } from '../../protocol/intent.ts'
import { MockPort } from './mock-port.ts'

/**
 * Returns a subscriber without a client: the test publishes, and every channel is live at once. It goes
 * wherever a `ChannelSubscriber` goes: `feed`, `sync`, `bindList`, `PresenceManager`, a component.
 *
 * @example
 * import { createMockSubscriber } from 'wirefold/testing'
 *
 * const channels = createMockSubscriber()
 * channels.subscribe('entity:Task', render)
 * channels.emit('entity:Task', 'entity:created', { id: '1', title: 'Write' })
 */
export function createMockSubscriber(options: MockSubscriberOptions = {}): MockSubscriber {
  return new MockSubscriber(options)
}

/**
 * A `ChannelSubscriber` whose events, refusals and lost connections come from the test, without any
 * connection. Statuses, positions and replayed events are those of a real one.
 */
export class MockSubscriber extends ChannelSubscriber {
  readonly #port: MockPort

  /** Creates a subscriber, as {@link createMockSubscriber} does. */
  constructor(options: MockSubscriberOptions = {}) {
    const { clock, lingerMs, refuse, onError } = withDefaults('MockSubscriber', options, {
      ...{ clock: systemClock, lingerMs: 0, refuse: undefined, onError: printError },
    })
    const port = new MockPort({ clock, refuse, report: onError })
    super({ port }, { lingerMs })
    this.#port = port
  }

  /** Channels that are subscribed to. */
  get subscribed(): readonly string[] {
    return [...this.#port.subscribed]
  }

  /** The control messages so far: subscribes, unsubscribes, and those of presence. */
  get sent(): readonly Intent[] {
    return this.#port.said
  }

  /**
   * Publishes an event, whose handlers run at once. While the connection is lost, the event waits for it:
   * a channel that was live before receives the event once the connection is back.
   *
   * @param fields the id and the time of the event
   */
  emit(
    channel: string,
    type: string,
    payload?: unknown,
    fields: { readonly id?: string; readonly timestamp?: number } = {},
  ): void {
    const { id, timestamp = this.#port.clock.wall() } = fields
    this.#port.publish(eventFrame(channel, type, { payload, id, timestamp }))
  }

  /** Receives a frame of the server: the end of a channel, or of a subscription. */
  receive(frame: Frame): void {
    this.#port.receive(frame)
  }

  /** Loses the connection. */
  lose(): void {
    this.#port.lose()
  }

  /** Connects again: the channels are subscribed to again, and receive what they have missed. */
  restore(): void {
    this.#port.restore()
  }

  /** Drops all events: channels that were lost before report a gap once the connection is back. */
  forget(): void {
    this.#port.forget()
  }
}

/** Options of {@link createMockSubscriber}. */
export interface MockSubscriberOptions {
  /**
   * The clock of the subscriber and of all that is built on it.
   * @default the platform's, which fake timers replace
   */
  readonly clock?: Clock | undefined
  /**
   * Time between the last unsubscribe of a channel and its end, in milliseconds, as of a `ChannelSubscriber`.
   * @default 0
   */
  readonly lingerMs?: number | undefined
  /**
   * Refuses a channel, or being present at `presence:<resource>`, by returning an error code.
   * @default none is refused
   */
  readonly refuse?: ((channel: string) => string | undefined) | undefined
  /**
   * Receives errors that have no other destination, such as those of handlers.
   * @default `console.error`
   */
  readonly onError?: ((error: unknown) => void) | undefined
}
