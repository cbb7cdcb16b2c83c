import { badOption, WirefoldError } from '../../base/errors.ts'
import { inFamily, isChannel } from '../../protocol/channel-name.ts'
import { asId } from '../../protocol/fields.ts'
import type { Position } from '../../protocol/frame.ts'
import { isOwnType, OWN_TYPE_RULE } from '../../protocol/reserved-types.ts'
import type { Access } from '../access/access.ts'
import type { Broker, RequestPart, StoredReply } from '../broker/broker.ts'
import type { NewEvent } from '../broker/channel-event.ts'
import type { ContractChecks } from '../contract/contract-checks.ts'
import type { PublishRate } from './publish-rate.ts'

/** Maximum payload in UTF-16 units: the maximum message of a client, less the envelope. */
const LARGEST_PAYLOAD = 4 * 1024 * 1024 - 4096

/** Adds events to channels and their families. */
export class Publisher {
  readonly #broker: Broker
  readonly #rules: PublishRules
  readonly #families: readonly string[]

  /** @param families the family names, without `:*` */
  constructor(broker: Broker, families: readonly string[], rules: PublishRules) {
    this.#broker = broker
    this.#rules = rules
    this.#families = families.map((name) => `${name}:*`)
  }

  /** Whether a name is a valid channel or a declared family. */
  canFollow(name: string): boolean {
    const { access } = this.#rules
    if (!name.endsWith(':*')) return access.isChannel(name)
    return this.#families.includes(name) && access.lists(name)
  }

  /**
   * Adds an event to a channel.
   *
   * Rejects with `bad-channel`, `too-large`, `rate-limited`, `bad-option` for an invalid type or id,
   * or `bad-payload` for a payload that is not JSON; the event then has no position.
   *
   * @param remember given if the event is the whole effect of a request
   * @param part given if the handler of a request publishes the event
   * @returns the event's position in its own channel; see {@link Broker.publish}
   */
  async publish(
    channel: string,
    event: Pick<NewEvent, 'type' | 'id' | 'timestamp'>,
    payload: unknown,
    remember?: StoredReply,
    part?: RequestPart,
  ): Promise<Position> {
    const { type, id, timestamp } = event
    const json = toJson(type, payload)
    const added = { source: channel, type, json, id, timestamp }
    this.#check(added)
    const checked = this.#rules.checks?.published(channel, type, payload, json)
    if (checked) await checked
    return this.#add(added, remember, part)
  }

  /**
   * Adds an event with a payload as JSON text; rejects as {@link publish} does.
   */
  async append(event: NewEvent): Promise<Position> {
    const { source, type, json } = event
    this.#check(event)
    const { checks } = this.#rules
    const payload: unknown = checks && json !== undefined ? JSON.parse(json) : undefined
    const checked = checks?.published(source, type, payload, json)
    if (checked) await checked
    return this.#add(event)
  }

  /**
   * Adds the event of a client, whose payload was checked already; rejects as {@link publish} does.
   *
   * @param remember the reply to the client, stored with the event
   */
  async relay(event: NewEvent, remember: StoredReply | undefined): Promise<Position> {
    this.#check(event)
    return this.#add(event, remember)
  }

  #check({ source, type, json, id }: Omit<NewEvent, 'timestamp'>): void {
    check(source, type, json)
    if (id !== undefined && asId(id) === undefined) {
      throw badOption(
        'id',
        `The id of the event "${type}" is not a string of at most 160 characters.`,
      )
    }
    const { access } = this.#rules
    if (!access.lists(source)) throw unlistedChannel(source)
    if (!access.isChannel(source)) throw unknownChannel(source)
  }

  async #add(event: NewEvent, remember?: StoredReply, part?: RequestPart): Promise<Position> {
    const { source, type } = event
    const admitted = this.#rules.cap.admit(source, type)
    if (admitted) await admitted
    const families = this.#families.filter((family) => inFamily(source, family))
    const [position] = await this.#broker.publish([source, ...families], event, remember, part)
    if (!position)
      throw badOption(
        'broker',
        'Broker.publish returned no position. It must return one for each channel.',
      )
    return position
  }
}

/** The checks of an event before it gets a position. */
export interface PublishRules {
  /** Checks the channel name, also with `validateChannel`. */
  readonly access: Access
  /** Limits the rate of each channel. */
  readonly cap: PublishRate
  /** Checks payloads by the contract, if the server has one. */
  readonly checks?: ContractChecks | undefined
}

/** Returns a payload as JSON text; throws `bad-payload` if that is not possible. */
export function toJson(type: string, payload: unknown): string | undefined {
  try {
    return JSON.stringify(payload)
  } catch (cause) {
    const advice = 'Publish plain data, without cycles or BigInt.'
    const message = `The payload of "${type}" is not JSON. ${advice}`
    throw new WirefoldError('bad-payload', message, { type }, { cause })
  }
}

/** Checks an event; throws the errors that {@link Publisher.publish} rejects with. */
export function check(channel: string, type: string, json: string | undefined): void {
  if (!isChannel(channel) || channel.endsWith(':*')) {
    throw new WirefoldError(
      'bad-channel',
      'The channel of an event needs 1 to 256 characters, no control characters, and no `:*`.',
      { channel },
    )
  }
  if (!isOwnType(type)) {
    throw badOption('type', `"${type}" is not a valid event type. Use ${OWN_TYPE_RULE}.`)
  }
  if (json !== undefined && json.length > LARGEST_PAYLOAD) {
    throw new WirefoldError(
      'too-large',
      `The payload of "${type}" has ${json.length} characters; the limit is ${LARGEST_PAYLOAD}.`,
      { bytes: json.length, limit: LARGEST_PAYLOAD },
    )
  }
}

/** Returns the error for a channel that the contract does not have. */
export function unlistedChannel(channel: string): WirefoldError {
  const message = `The contract of the server has no template that fits the channel "${channel}". Add one, or set the option unlisted to 'allow'.`
  return new WirefoldError('bad-channel', message, { channel })
}

function unknownChannel(channel: string): WirefoldError {
  const message = `The option validateChannel rejected the channel "${channel}".`
  return new WirefoldError('bad-channel', message, { channel })
}
