import type { Clock } from '../../base/clock.ts'
import { WirefoldError } from '../../base/errors.ts'
import { isChannel, presenceResource } from '../../protocol/channel-name.ts'
import { asFields, asNumber, asString, isFields } from '../../protocol/fields.ts'
import type { AccessOptions } from './access-options.ts'
import type { AddressedRequest, ClientAddress } from './client-address.ts'
import type {
  AuthenticateRequest,
  ChannelAction,
  Identity,
  ReceivableEvent,
  User,
} from './hooks.ts'
import type { UpgradeRequest } from './upgrade-request.ts'

/** How long `authorize` and `canConnect` may take, in milliseconds. */
const VERDICT_MS = 5_000
/** The channels of one user each: what follows is the user's id. */
const PRIVATE = 'user:'

/** The dependencies of {@link Access}. */
export interface AccessDeps extends AccessOptions {
  readonly clientAddress: ClientAddress
  /** How long `authenticate` may take, in milliseconds. */
  readonly helloTimeoutMs: number
  readonly clock: Clock
  /** Receives what a hook threw. */
  readonly report: (error: unknown) => void
}

/** The channel of one user, which nobody else may subscribe to. */
export function userChannel(userId: string): string {
  return `${PRIVATE}${userId}`
}

/** Asks the application who may do what. A hook that fails says no: it never opens a door. */
export class Access {
  readonly #deps: AccessDeps

  constructor(deps: AccessDeps) {
    this.#deps = deps
  }

  /** The address a request counts for; never throws. */
  addressOf(request: AddressedRequest): string | undefined {
    try {
      return this.#deps.clientAddress(request)
    } catch (cause) {
      this.#failed('clientAddress', 'it threw', cause)
      return request.remoteAddress
    }
  }

  /** Whether a request may become a socket. Never rejects. */
  async canConnect(request: UpgradeRequest): Promise<boolean> {
    const { canConnect } = this.#deps
    if (!canConnect) return true
    return (await this.#ask('canConnect', VERDICT_MS, () => canConnect(request))) === true
  }

  /** Who it is; `undefined` where the hook refuses. Never rejects. */
  async authenticate(request: AuthenticateRequest): Promise<Identity | undefined> {
    const { authenticate, helloTimeoutMs } = this.#deps
    if (!authenticate) return { user: null }
    const told = await this.#ask('authenticate', helloTimeoutMs, () => authenticate(request))
    if (told === undefined) return undefined
    const identity = asIdentity(told)
    if (!identity) this.#failed('authenticate', 'it returned no user')
    return identity
  }

  /** Whether a name may be that of a channel. Never throws. */
  isChannel(name: string): boolean {
    const { validateChannel } = this.#deps
    if (!isChannel(name)) return false
    return !validateChannel || this.#verdict('validateChannel', () => validateChannel(name))
  }

  /** Whether a user may do something with a channel. Never rejects. */
  async authorize(user: User | null, channel: string, action: ChannelAction): Promise<boolean> {
    const { authorize } = this.#deps
    if (action === 'subscribe' && isOfAnother(user, channel)) return false
    if (!authorize) return action !== 'publish'
    return (
      (await this.#ask('authorize', VERDICT_MS, () => authorize(user, channel, action))) === true
    )
  }

  /** Whether a user gets an event that happened on a channel. Never throws. */
  canReceive(user: User | null, channel: string, event: ReceivableEvent): boolean {
    const { canReceive } = this.#deps
    if (!this.#seesEvent(user, channel, event)) return false
    return !canReceive || this.#verdict('canReceive', () => canReceive(user, channel, event))
  }

  /** Whether a user may know that another is at a resource. Never throws. */
  canSee(viewer: User | null, member: User, resource: string): boolean {
    const { canSee } = this.#deps
    if (!canSee || viewer?.id === member.id) return true
    return this.#verdict('canSee', () => canSee(viewer, member, resource))
  }

  /** An event about somebody who is at a resource is for those who may know that. */
  #seesEvent(viewer: User | null, channel: string, { payload }: ReceivableEvent): boolean {
    const resource = presenceResource(channel)
    if (resource === undefined || !this.#deps.canSee) return true
    const { id, name } = asFields(asFields(payload).user)
    return typeof id !== 'string' || this.canSee(viewer, { id, name: asString(name) }, resource)
  }

  #verdict(where: string, hook: () => unknown): boolean {
    try {
      return hook() === true
    } catch (cause) {
      this.#failed(where, 'it threw', cause)
      return false
    }
  }

  /** What a hook tells; `undefined` where it fails, or takes too long. */
  async #ask(where: string, mostMs: number, hook: () => unknown): Promise<unknown> {
    let cancel = (): void => {}
    try {
      const told = hook()
      if (!isPromise(told)) return told
      const late = new Promise<undefined>((resolve) => {
        cancel = this.#deps.clock.after(mostMs, () => {
          this.#failed(where, `it took longer than ${mostMs} ms`)
          resolve(undefined)
        })
      })
      return await Promise.race([told, late])
    } catch (cause) {
      this.#failed(where, 'it threw', cause)
      return undefined
    } finally {
      cancel()
    }
  }

  #failed(where: string, what: string, cause?: unknown): void {
    const message = `The hook ${where} counts as a no: ${what}.`
    this.#deps.report(new WirefoldError('handler-failed', message, { where }, { cause }))
  }
}

/** A family would carry what is told to everybody. */
function isOfAnother(user: User | null, channel: string): boolean {
  if (!channel.startsWith(PRIVATE)) return false
  return user === null || channel !== userChannel(user.id) || channel.endsWith(':*')
}

function asIdentity(told: unknown): Identity | undefined {
  if (told === null || isUser(told)) return { user: told }
  if (!isFields(told)) return undefined
  const { user, expiresAt } = told
  if (user !== null && !isUser(user)) return undefined
  if (expiresAt === undefined) return { user }
  const end = asNumber(expiresAt)
  return end === undefined ? undefined : { user, expiresAt: end }
}

function isUser(value: unknown): value is User {
  return isFields(value) && typeof value.id === 'string' && value.id !== ''
}

function isPromise(value: unknown): value is PromiseLike<unknown> {
  return isFields(value) && typeof value.then === 'function'
}
