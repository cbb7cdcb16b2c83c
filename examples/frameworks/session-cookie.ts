import { createHmac, timingSafeEqual } from 'node:crypto'
import type { User } from 'wirefold/server'

/** The cookie of a session: the user's name, signed, so that every server accepts it. */
export class SessionCookie {
  readonly #secret: string

  constructor(secret: string) {
    this.#secret = secret
  }

  /** Returns the value of a `Set-Cookie` header; pages cannot read the cookie. */
  signIn(name: string): string {
    const value = Buffer.from(name).toString('base64url')
    return `session=${value}.${this.#sign(value)}; HttpOnly; SameSite=Strict; Path=/`
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
