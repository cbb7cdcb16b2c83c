import { createHmac, timingSafeEqual } from 'node:crypto'
import type { User } from 'wirefold/server'

/** The answer to a login. */
export interface Login {
  readonly status: 204 | 400
  readonly headers: Record<string, string>
}

/** The cookie of a session: the user's name, signed, so that every server accepts it. */
export class SessionCookie {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  /**
   * Returns the answer to a login with this body: a cookie, which pages cannot read, or 400 for a body
   * without a name. An application also checks a password here.
   */
  login(body: unknown): Login {
    const { name } = Object(body)
    if (typeof name !== 'string' || !name.trim()) return { status: 400, headers: {} }
    const value = Buffer.from(name).toString('base64url')
    const session = `session=${value}.${this.#sign(value)}`
    return {
      status: 204,
      headers: { 'Set-Cookie': `${session}; HttpOnly; SameSite=Strict; Path=/` },
    }
  }

  /** Returns the user of a `Cookie` header; `undefined` if there is no valid session. */
  userOf(header: string | undefined): User | undefined {
    const [, value = '', signature = ''] =
      /(?:^|; )session=([\w-]+)\.(\w+)/.exec(header ?? '') ?? []
    const [given, wanted] = [Buffer.from(signature), Buffer.from(this.#sign(value))]
    if (given.length !== wanted.length || !timingSafeEqual(given, wanted)) return undefined
    const name = Buffer.from(value, 'base64url').toString()
    return { id: name, name }
  }

  #sign(value: string): string {
    return createHmac('sha256', this.#secret).update(value).digest('hex')
  }
}
