import type { Clock } from '../../base/clock.ts'
import { isPromise } from '../../base/deferred.ts'
import { WirefoldError } from '../../base/errors.ts'
import { reportRejection } from '../../base/report.ts'
import { isChannel, presenceResource } from '../../protocol/channel-name.ts'
import { asFields, asNumber, asString, isFields } from '../../protocol/fields.ts'
import { isWellFormed } from '../../protocol/reserved-types.ts'
import type { AccessOptions } from './access-options.ts'
import type { AddressedRequest, ClientAddress } from './client-address.ts'
import { peerAddress } from './client-address.ts'
import { Deadlines } from './deadlines.ts'
import type {
  AuthenticateRequest,
  ChannelAction,
  Identity,
  ReceivableEvent,
  User,
} from './hooks.ts'
import type { Reach } from './reach.ts'
import { asStart } from './reach.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** Timeout of `authorize`, `canConnect` and `snapshot`, in milliseconds. */
export const VERDICT_MS = 5_000
/** The result of a hook that timed out. */
const LATE = Symbol('late')
/** The result of a hook that threw. */
const THREW = Symbol('threw')
/** Why the answer of `authenticate` is not taken. */
const NO_USER =
  'it returned no user. Return null, or an id: a string that is not empty, without half a surrogate pair'
/** Prefix of the channels that belong to one user; the user's id follows. */
const PRIVATE = 'user:'

/** Calls the hooks of the application. A hook that throws or times out denies. */
export class Access {
  /** The deadlines of the hooks. */
  readonly deadlines: Deadlines
  readonly #deps: AccessDeps

  constructor(deps: AccessDeps) {
    this.#deps = deps
    this.deadlines = new Deadlines(deps.clock)
  }

  /** Returns the address whose limits a request counts for. Never throws. */
  addressOf(request: AddressedRequest): string | undefined {
    try {
      return this.#deps.clientAddress(request)
    } catch (cause) {
      this.#failed('clientAddress', 'it threw', cause)
      return peerAddress(request)
    }
  }

  /** Whether a request may be upgraded to a socket. Never rejects. */
  async canConnect(request: UpgradeRequest): Promise<boolean> {
    const { canConnect } = this.#deps
    if (!canConnect) return true
    return (await this.#ask('canConnect', VERDICT_MS, () => canConnect(request), isTrue)) === true
  }

  /**
   * Returns the user and the expiry; `undefined` if the hook refuses, `threw` or `late` if it fails.
   * Never rejects.
   */
  async authenticate(request: AuthenticateRequest): Promise<Identity | HookFailure | undefined> {
    const { authenticate, helloTimeoutMs } = this.#deps
    if (!authenticate) return { user: null }
    const hook = (): unknown => authenticate(request)
    const identity = await this.#ask('authenticate', helloTimeoutMs, hook, (result) => {
      const read = asIdentity(result)
      if (result !== undefined && !read) this.#failed('authenticate', NO_USER)
      return read
    })
    if (identity === LATE) return 'late'
    return identity === THREW ? 'threw' : identity
  }

  /** Whether the contract of the server, if it has one, has a channel. Never throws. */
  lists(channel: string): boolean {
    return this.#deps.lists?.(channel) ?? true
  }

  /** Whether a name is valid as the name of a channel. Never throws. */
  isChannel(name: string): boolean {
    const { validateChannel } = this.#deps
    if (!isChannel(name) || !this.lists(name)) return false
    return !validateChannel || this.#verdict('validateChannel', () => validateChannel(name))
  }

  /**
   * Whether a user may do something with a channel, for a subscribe: with all of its past. Never
   * rejects.
   */
  async authorize(user: User | null, channel: string, action: ChannelAction): Promise<boolean> {
    return (await this.#permission(user, channel, action, undefined, isTrue)) === true
  }

  /** Returns what a user may subscribe to in a channel; `undefined` for nothing. Never rejects. */
  authorizeSubscribe(
    user: User | null,
    channel: string,
    params: unknown,
  ): Promise<Reach | undefined> {
    return this.#permission(user, channel, 'subscribe', params, (answer) => {
      if (answer === true) return { since: undefined }
      if (!isFields(answer)) return undefined
      const since = asStart(answer.since)
      if (since) return { since }
      const reason = 'the `since` of its answer is neither a valid Date nor a position'
      this.#failed('authorize', `${reason}, so the subscribe was refused`)
      return undefined
    })
  }

  async #permission<Result>(
    user: User | null,
    channel: string,
    action: ChannelAction,
    params: unknown,
    read: (answer: unknown) => Result,
  ): Promise<Result | undefined> {
    const { authorize } = this.#deps
    if (action === 'subscribe' && isOfAnother(user, channel)) return undefined
    if (!authorize) return read(action !== 'publish')
    const hook = (): unknown => authorize(user, channel, action, params)
    const result = await this.#ask('authorize', VERDICT_MS, hook, read)
    return result === LATE || result === THREW ? undefined : result
  }

  /** Whether a user may receive an event of a channel. Never throws. */
  canReceive(user: User | null, channel: string, event: ReceivableEvent): boolean {
    const { canReceive } = this.#deps
    if (!this.#seesEvent(user, channel, event)) return false
    return !canReceive || this.#verdict('canReceive', () => canReceive(user, channel, event))
  }

  /** Whether a user may see that another user is present at a resource. Never throws. */
  canSee(viewer: User | null, member: User, resource: string): boolean {
    const { canSee } = this.#deps
    if (!canSee || viewer?.id === member.id) return true
    return this.#verdict('canSee', () => canSee(viewer, member, resource))
  }

  /** Whether `canSee` allows an event of a presence channel; other channels pass. */
  #seesEvent(viewer: User | null, channel: string, event: ReceivableEvent): boolean {
    const resource = this.#deps.canSee && presenceResource(channel)
    if (resource === undefined) return true
    const { id, name } = asFields(asFields(event.payload).user)
    return typeof id !== 'string' || this.canSee(viewer, { id, name: asString(name) }, resource)
  }

  #verdict(where: string, hook: () => unknown): boolean {
    try {
      const verdict = hook()
      reportRejection(verdict, (cause) => this.#failed(where, 'it threw', cause))
      return verdict === true
    } catch (cause) {
      this.#failed(where, 'it threw', cause)
      return false
    }
  }

  /**
   * Returns what `read` makes of the result of a hook; `THREW` if the hook or a getter of its result
   * throws, or it rejects, `LATE` if it times out.
   */
  async #ask<Result>(
    where: string,
    timeoutMs: number,
    hook: () => unknown,
    read: (result: unknown) => Result,
  ): Promise<Result | typeof THREW | typeof LATE> {
    try {
      const result = hook()
      if (!isPromise(result)) return read(result)
      const first = await this.deadlines.within(timeoutMs, result, (closed): typeof LATE => {
        if (!closed) this.#failed(where, `it took longer than ${timeoutMs} ms`)
        return LATE
      })
      return first === LATE ? LATE : read(first)
    } catch (cause) {
      this.#failed(where, 'it threw', cause)
      return THREW
    }
  }

  #failed(where: string, reason: string, cause?: unknown): void {
    const message = `The hook ${where} failed: ${reason}.`
    this.#deps.report(new WirefoldError('handler-failed', message, { where }, { cause }))
  }
}

/** Returns the channel of one user, which no other user may subscribe to. */
export function userChannel(userId: string): string {
  return `${PRIVATE}${userId}`
}

/** How the hook `authenticate` failed. */
export type HookFailure = 'threw' | 'late'

/** The dependencies of {@link Access}. */
export interface AccessDeps extends AccessOptions {
  readonly clientAddress: ClientAddress
  /** Whether the contract has a channel; without it, every one is allowed. */
  readonly lists?: ((channel: string) => boolean) | undefined
  /** Timeout of `authenticate`, in milliseconds. */
  readonly helloTimeoutMs: number
  readonly clock: Clock
  /** Receives an error for every hook that failed. */
  readonly report: (error: unknown) => void
}

/** Whether a channel belongs to another user; a family does, as it has the events of many users. */
function isOfAnother(user: User | null, channel: string): boolean {
  if (!channel.startsWith(PRIVATE)) return false
  return user === null || channel !== userChannel(user.id) || channel.endsWith(':*')
}

function isTrue(answer: unknown): boolean {
  return answer === true
}

function asIdentity(value: unknown): Identity | undefined {
  if (value === null || isUser(value)) return { user: value }
  if (!isFields(value)) return undefined
  const { user, expiresAt } = value
  if (user !== null && !isUser(user)) return undefined
  if (expiresAt === undefined) return { user }
  const end = asNumber(expiresAt)
  return end === undefined ? undefined : { user, expiresAt: end }
}

function isUser(value: unknown): value is User {
  return isFields(value) && isUserId(value.id)
}

/** Whether a value can be the id of a user: a text that is not empty and that UTF-8 can represent. */
export function isUserId(value: unknown): value is string {
  return typeof value === 'string' && value !== '' && isWellFormed(value)
}
