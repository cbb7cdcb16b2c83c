import type { Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import { isFields } from '../wire/fields.ts'
import type {
  Authenticate,
  AuthenticateRequest,
  Authorize,
  CanReceive,
  ChannelAction,
  DueEvent,
  User,
  ValidateChannel,
} from './options.ts'

/** How long `authorize` may take. */
const AUTHORIZE_MS = 5_000

/** What the hooks are asked through. */
export interface AccessParts {
  readonly authenticate: Authenticate | undefined
  readonly authorize: Authorize | undefined
  readonly canReceive: CanReceive | undefined
  readonly validateChannel: ValidateChannel | undefined
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
    if (!canReceive) return true
    try {
      return canReceive(user, channel, event) === true
    } catch (cause) {
      this.#failed('canReceive', 'it threw', cause)
      return false
    }
  }

  /** Whether a name is that of one of the application's channels. Never throws. */
  knows(channel: string): boolean {
    const { validateChannel } = this.#parts
    if (!validateChannel) return true
    try {
      return validateChannel(channel) === true
    } catch (cause) {
      this.#failed('validateChannel', 'it threw', cause)
      return false
    }
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
