import { presenceResource } from '../../protocol/channel-name.ts'
import { asFields, asString } from '../../protocol/fields.ts'
import type { PresenceUser } from '../../protocol/presence.ts'
import { ChannelEvent } from '../broker/channel-event.ts'

/** Maximum number of events buffered while users are read. */
const HELD_EVENTS = 1_000

/**
 * The events of one channel for the members whose dialect needs whole users.
 *
 * A `presence:update` waits until the users of its resource are read, and later events wait behind
 * it. Updates that arrive meanwhile share the next read.
 */
export class WholeUsers {
  readonly #deps: WholeUsersDeps
  #waiting: ChannelEvent[] = []
  #reading = false

  constructor(deps: WholeUsersDeps) {
    this.#deps = deps
  }

  /** Delivers an event, with the whole user in an update. */
  take(event: ChannelEvent): void {
    if (!this.#reading && !isUpdate(event)) {
      this.#deps.deliver(event)
      return
    }
    this.#waiting.push(event)
    if (this.#waiting.length > HELD_EVENTS) this.#waiting.shift()
    if (!this.#reading) this.#read()
  }

  async #read(): Promise<void> {
    const { deliver } = this.#deps
    this.#reading = true
    while (this.#waiting.length) {
      const events = this.#waiting
      this.#waiting = []
      const users = await this.#usersOf(events)
      for (const event of events) {
        const due = isUpdate(event) ? withUser(event, users) : event
        if (due) deliver(due)
      }
    }
    this.#reading = false
  }

  /** Returns the users at the resources of the updates, by resource and id. */
  async #usersOf(events: readonly ChannelEvent[]): Promise<Users> {
    const { present, report } = this.#deps
    const users = new Map<string, ReadonlyMap<string, PresenceUser>>()
    for (const { source } of events.filter(isUpdate)) {
      if (users.has(source)) continue
      try {
        const list = await present(presenceResource(source) ?? '')
        users.set(source, new Map(list.map((user) => [user.id, user])))
      } catch (error) {
        users.set(source, new Map())
        report(error)
      }
    }
    return users
  }
}

/** The dependencies of {@link WholeUsers}. */
export interface WholeUsersDeps {
  /** Reads the users at a resource. */
  readonly present: (resource: string) => Promise<readonly PresenceUser[]>
  /** Delivers an event to these members. */
  readonly deliver: (event: ChannelEvent) => void
  /** Receives the error of a read, whose updates are not delivered; never throws. */
  readonly report: (error: unknown) => void
}

type Users = ReadonlyMap<string, ReadonlyMap<string, PresenceUser>>

function isUpdate({ type, source }: ChannelEvent): boolean {
  return type === 'presence:update' && presenceResource(source) !== undefined
}

/** Returns the event with its whole user; `undefined` if that has left: the leave follows. */
function withUser(event: ChannelEvent, users: Users): ChannelEvent | undefined {
  const { channel, epoch, offset, source, type, id, timestamp } = event
  const payload = asFields(event.payload)
  const user = users.get(source)?.get(asString(asFields(payload.user).id) ?? '')
  if (!user) return undefined
  const position = epoch === undefined || offset === undefined ? undefined : { epoch, offset }
  const json = JSON.stringify({ ...payload, user })
  return new ChannelEvent(channel, position, { source, type, json, id, timestamp })
}
