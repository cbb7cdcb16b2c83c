import { WirefoldError } from '../../base/errors.ts'
import { inFamily, isChannel } from '../../protocol/channel-name.ts'
import type { Position } from '../../protocol/frame.ts'
import { isOwnType } from '../../protocol/reserved-types.ts'
import type { Access } from '../access/access.ts'
import type { Broker, Remember } from '../broker/broker.ts'
import type { NewEvent } from '../broker/channel-event.ts'
import type { PublishRate } from './publish-rate.ts'

/** The largest payload, in UTF-16 units: with its envelope it stays below what a client reads. */
const LARGEST_PAYLOAD = 4 * 1024 * 1024 - 4096

/** What an event has to pass before it has a place. */
export interface PublishRules {
  /** Knows the application's channels. */
  readonly access: Access
  /** How many events of one channel may be added. */
  readonly cap: PublishRate
}

/** Adds events to channels, and to the families these belong to. */
export class Publisher {
  readonly #broker: Broker
  readonly #rules: PublishRules
  readonly #families: readonly string[]

  /** @param families the names before `:*` */
  constructor(broker: Broker, families: readonly string[], rules: PublishRules) {
    this.#broker = broker
    this.#rules = rules
    this.#families = families.map((name) => `${name}:*`)
  }

  /** Whether a name may be subscribed to. */
  canFollow(name: string): boolean {
    return name.endsWith(':*') ? this.#families.includes(name) : this.#rules.access.isChannel(name)
  }

  /**
   * Adds an event to a channel.
   *
   * Rejects with `bad-channel`, `too-large`, `rate-limited`, or a `TypeError` for a type or payload that cannot be
   * an event's, before it has a place.
   *
   * @param remember where the event is all the effect of a request
   * @returns its place in the channel's own history; see {@link Broker.publish}
   */
  async publish(
    channel: string,
    event: Pick<NewEvent, 'type' | 'id' | 'timestamp'>,
    payload: unknown,
    remember?: Remember,
  ): Promise<Position> {
    const { type, id, timestamp } = event
    const json = toJson(type, payload)
    return this.append({ source: channel, type, json, id, timestamp }, remember)
  }

  /** The same for a payload that is text already. */
  async append(event: NewEvent, remember?: Remember): Promise<Position> {
    const { source, type, json } = event
    check(source, type, json)
    if (!this.#rules.access.isChannel(source)) throw foreign(source)
    const admitted = this.#rules.cap.admit(source, type)
    if (admitted) await admitted
    const families = this.#families.filter((family) => inFamily(source, family))
    const [position] = await this.#broker.publish([source, ...families], event, remember)
    if (!position) throw new TypeError('The broker did not tell where the event stands.')
    return position
  }
}

/** A payload as text; throws a `TypeError` where it is none. */
export function toJson(type: string, payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload)
  } catch (cause) {
    const advice = 'Publish plain data, without cycles or BigInt.'
    throw new TypeError(`The payload of "${type}" is not JSON. ${advice}`, { cause })
  }
}

/** Throws what {@link Publisher.publish} rejects with, for an event that cannot be one. */
export function check(channel: string, type: string, json: string | undefined): void {
  if (!isChannel(channel) || channel.endsWith(':*')) {
    throw new WirefoldError(
      'bad-channel',
      'An event needs the name of one channel: 1 to 256 characters, no control characters, no `:*`.',
      { channel },
    )
  }
  if (!isOwnType(type)) {
    throw new TypeError(
      `"${type}" cannot be the type of an event: 1 to 128 characters, and no word of the protocol.`,
    )
  }
  if (json !== undefined && json.length > LARGEST_PAYLOAD) {
    throw new WirefoldError(
      'too-large',
      `The payload of "${type}" has ${json.length} characters, more than a client reads.`,
      { bytes: json.length, limit: LARGEST_PAYLOAD },
    )
  }
}

function foreign(channel: string): WirefoldError {
  const message = `The application has no channel "${channel}": see its validateChannel.`
  return new WirefoldError('bad-channel', message, { channel })
}
