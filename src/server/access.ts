import type { Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import { asFields, asString, isFields } from '../wire/fields.ts'
import { presenceResource } from '../wire/presence.ts'
import type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  CanReceive,
  CanSee,
  ChannelAction,
  DueEvent,
  User,
} from './options.ts'

/** How long `authorize` may take. */
const AUTHORIZE_MS = 5_000

/** What the hooks are asked through. */
export interface AccessParts {
  readonly authenticate: Authenticate | undefined
  readonly authorize: Authorize | undefined
  readonly canReceive: CanReceive | undefined
  readonly canSee: CanSee | undefined
  readonly clock: Clock
  /** Receives what a hook threw. */
  readonly report: (error: unknown) => void
}

/** Asks the application who may do what. A hook that fails says no: it never opens a door. */
export class Access {
  readonly #parts: AccessParts

  constructor(parts: AccessParts) {
    this.#parts = parts
  }

  /** Who it is, `null` for nobody in particular; `undefined` where the hook refuses. */
  async authenticate(request: AuthenticateRequest): Promise<User | null | undefined> {
    const { authenticate } = this.#parts
    if (!authenticate) return null
    try {
      const user: unknown = await authenticate(request)
      if (user === null || isUser(user)) return user
      if (user !== undefined) this.#failed('authenticate', 'it returned no user')
    } catch (cause) {
      this.#failed('authenticate', 'it threw', cause)
    }
    return undefined
  }

  /** Whether a user may do something with a channel. Never rejects. */
  async authorize(user: User | null, channel: string, action: ChannelAction): Promise<boolean> {
    const { authorize } = this.#parts
    if (!authorize) return action !== 'publish'
    try {
      return (await this.#inTime(authorize(user, channel, action))) === true
    } catch (cause) {
      this.#failed('authorize', 'it threw', cause)
      return false
    }
  }

  /** Whether a user gets an event that happened on a channel. Never throws. */
  canReceive(user: User | null, channel: string, event: DueEvent): boolean {
    const { canReceive } = this.#parts
    if (!this.#seesEvent(user, channel, event)) return false
    if (!canReceive) return true
    try {
      return canReceive(user, channel, event) === true
    } catch (cause) {
      this.#failed('canReceive', 'it threw', cause)
      return false
    }
  }

  /** Whether a user may know that another is at a resource. Never throws. */
  canSee(viewer: User | null, member: User, resource: string): boolean {
    const { canSee } = this.#parts
    if (!canSee || viewer?.id === member.id) return true
    try {
      return canSee(viewer, member, resource) === true
    } catch (cause) {
      this.#failed('canSee', 'it threw', cause)
      return false
    }
  }

  /** An event about somebody who is at a resource is for those who may know that. */
  #seesEvent(viewer: User | null, channel: string, { payload }: DueEvent): boolean {
    const resource = presenceResource(channel)
    if (resource === undefined || !this.#parts.canSee) return true
    const { id, name } = asFields(asFields(payload).user)
    return typeof id !== 'string' || this.canSee(viewer, { id, name: asString(name) }, resource)
  }

  async #inTime(verdict: boolean | Promise<boolean>): Promise<boolean> {
    if (typeof verdict === 'boolean') return verdict
    let cancel = (): void => {}
    const late = new Promise<false>((resolve) => {
      cancel = this.#parts.clock.after(AUTHORIZE_MS, () => {
        this.#failed('authorize', `it took longer than ${AUTHORIZE_MS} ms`)
        resolve(false)
      })
    })
    try {
      return await Promise.race([verdict, late])
    } finally {
      cancel()
    }
  }

  #failed(where: string, what: string, cause?: unknown): void {
    const message = `The hook ${where} counts as a no: ${what}.`
    this.#parts.report(new WirefoldError('handler-failed', message, { where }, { cause }))
  }
}

function isUser(value: unknown): value is User {
  return isFields(value) && typeof value.id === 'string' && value.id !== ''
}
