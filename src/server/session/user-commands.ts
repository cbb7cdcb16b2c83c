import type { Cancel, Clock } from '../../base/clock.ts'
import { randomId } from '../../base/ids.ts'
import { lazy } from '../../base/lazy.ts'
import { asFields, asNumber, asString } from '../../protocol/fields.ts'
import type { Broker } from '../broker/broker.ts'
import type { ChannelEvent } from '../broker/channel-event.ts'

/** The channel of the commands; no client can name it, since it has a control character. */
const CHANNEL = '\u0001users'
/** Time after which a subscribe that the broker rejected is repeated, in milliseconds. */
const RETRY_MS = 5_000

/** Commands about users, carried to all servers that share a broker. */
export class UserCommands {
  readonly #deps: UserCommandsDeps
  /** Identifies this server, which has carried its own commands out already. */
  readonly #server = lazy(randomId)
  #followed: Promise<void> | undefined
  #release = (): void => {}
  #cancel: Cancel = () => {}
  #closed = false

  constructor(deps: UserCommandsDeps) {
    this.#deps = deps
  }

  /** Starts to receive the commands of other servers; safe to call twice. */
  follow(): void {
    this.#followed ??= this.#follow()
  }

  /** Sends a command to the other servers; a failure is reported. */
  send(command: UserCommand): void {
    const { broker, clock, report } = this.#deps
    if (!broker) return
    const json = JSON.stringify({ ...command, server: this.#server() })
    const event = { source: CHANNEL, type: command.kind, json, id: undefined }
    broker.publish([CHANNEL], { ...event, timestamp: clock.wall() }).catch(report)
  }

  /** Stops to receive commands. */
  close(): void {
    this.#closed = true
    this.#cancel()
    this.#release()
  }

  async #follow(): Promise<void> {
    const { broker, clock, report } = this.#deps
    if (!broker || this.#closed) return
    try {
      const event = (command: ChannelEvent): void => this.#receive(command)
      this.#release = await broker.subscribe(CHANNEL, { event, broken() {} })
      if (this.#closed) this.#release()
    } catch (error) {
      if (this.#closed) return
      report(error)
      this.#cancel = clock.after(RETRY_MS, () => this.#follow())
    }
  }

  #receive({ type, payload }: ChannelEvent): void {
    const fields = asFields(payload)
    const userId = asString(fields.userId)
    if (userId === undefined || fields.server === this.#server()) return
    const { run } = this.#deps
    const code = asNumber(fields.code)
    const reason = asString(fields.reason)
    const channel = asString(fields.channel)
    if (type === 'disconnect' && code !== undefined && reason !== undefined) {
      run({ kind: type, userId, code, reason })
    }
    if (type === 'revoke' && channel !== undefined) run({ kind: type, userId, channel })
  }
}

/** A command about the connections of one user. */
export type UserCommand =
  | {
      readonly kind: 'disconnect'
      readonly userId: string
      readonly code: number
      readonly reason: string
    }
  | { readonly kind: 'revoke'; readonly userId: string; readonly channel: string }

/** The dependencies of {@link UserCommands}. */
export interface UserCommandsDeps {
  /** `undefined` if no other server can share it. */
  readonly broker: Broker | undefined
  readonly clock: Clock
  /** Carries out a command of another server. */
  readonly run: (command: UserCommand) => void
  /** Receives the errors of the broker; never throws. */
  readonly report: (error: unknown) => void
}
