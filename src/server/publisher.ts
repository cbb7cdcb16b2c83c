import { WirefoldError } from '../base/errors.ts'
import { isOwnType } from '../dialects/native-server.ts'
import { isChannel } from '../wire/fields.ts'
import type { Position } from '../wire/frame.ts'
import { inFamily } from '../wire/in-family.ts'
import type { Broker, NewEvent } from './broker.ts'

/** The largest payload, in UTF-16 units: with its envelope it stays below what a client reads. */
const LARGEST_PAYLOAD = 4 * 1024 * 1024 - 4096

/** Adds events to channels, and to the families these belong to. */
export class Publisher {
  readonly #broker: Broker
  readonly #families: readonly string[]

  /** @param families the names before `:*` */
  constructor(broker: Broker, families: readonly string[]) {
    this.#broker = broker
    this.#families = families.map((name) => `${name}:*`)
  }

  /** Whether a name may be subscribed to. */
  canFollow(name: string): boolean {
    return isChannel(name) && (!name.endsWith(':*') || this.#families.includes(name))
  }

  /**
   * Adds an event to a channel.
   *
   * Rejects with `bad-channel`, `too-large`, or a `TypeError` for a type or payload that cannot be
   * an event's, before it has a place.
   *
   * @returns its place in the channel's own history
   */
  async publish(
    channel: string,
    event: Pick<NewEvent, 'type' | 'id' | 'timestamp'>,
    payload: unknown,
  ): Promise<Position> {
    const { type, id, timestamp } = event
    return this.append({ source: channel, type, json: toJson(type, payload), id, timestamp })
  }

  /** The same for a payload that is text already. */
  async append(event: NewEvent): Promise<Position> {
    const { source, type, json } = event
    check(source, type, json)
    const position = await this.#broker.publish(source, event)
    for (const family of this.#families) {
      if (inFamily(source, family)) await this.#broker.publish(family, event)
    }
    return position
  }
}

function toJson(type: string, payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload)
  } catch (cause) {
    const advice = 'Publish plain data, without cycles or BigInt.'
    throw new TypeError(`The payload of "${type}" is not JSON. ${advice}`, { cause })
  }
}

function check(channel: string, type: string, json: string | undefined): void {
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
