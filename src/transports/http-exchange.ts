import { randomId } from '../base/ids.ts'
import type { Credentials } from '../protocol/dialect.ts'
import { withQuery } from '../protocol/url-query.ts'
import { secureAddress } from './secure-address.ts'

/** Options of every transport over HTTP. */
export interface HttpOptions {
  /**
   * The address to which messages are posted; a relative one is resolved against that of the stream.
   * @default the address of the stream
   */
  readonly postUrl?: string | undefined
  /**
   * Returns headers of all requests, by the credentials of `auth`.
   * @default the token as `Authorization: Bearer`
   */
  readonly headers?: ((credentials: Credentials) => Readonly<Record<string, string>>) | undefined
  /**
   * Sends the cookies of another origin, too.
   * @default false
   */
  readonly withCredentials?: boolean | undefined
  /**
   * The query parameter that carries a random id of the connection in all its requests, from which the
   * server knows to which stream a posted message belongs.
   * @default none
   */
  readonly idParameter?: string | undefined
  /**
   * The function that makes the requests, for proxies and platforms whose own cannot read a stream.
   * @default globalThis.fetch
   */
  readonly fetch?: typeof globalThis.fetch | undefined
  /**
   * Allows unencrypted addresses of other machines: their traffic can be read and changed on the
   * way.
   * @default false
   */
  readonly allowInsecure?: boolean | undefined
}

/** Default values of {@link HttpOptions}. */
export const httpDefaults = {
  postUrl: undefined,
  headers: bearer,
  withCredentials: false,
  idParameter: undefined,
  fetch: undefined,
  allowInsecure: false,
} as const

/** How the requests of one connection are made. */
export interface HttpRequests {
  /** Makes the requests from now on with a renewed token. */
  renew(token: string): void
  /** Makes a request. A redirect fails it: on a redirected POST the message would be lost. */
  request(url: string, init: RequestInit): Promise<Response>
}

/** The addresses of one connection, and how its requests are made. */
export interface HttpExchange extends HttpRequests {
  /** The address of the stream, or of polls. */
  readonly url: string
  readonly postUrl: string
  /** Returns an address that is resolved against that for posts; throws `bad-url` for a wrong one. */
  resolve(url: string): string
}

/** Returns the functions that make the requests of a connection. */
export function httpRequests(options: RequestOptions, credentials: Credentials): HttpRequests {
  const { headers, withCredentials } = options
  let own = headers(credentials)
  return {
    renew(token) {
      own = headers({ ...credentials, token })
    },
    async request(to, init) {
      const { fetch = globalThis.fetch } = options
      const all = new Headers(init.headers)
      for (const [name, value] of Object.entries(own)) all.set(name, value)
      return fetch(to, {
        ...init,
        headers: all,
        cache: 'no-store',
        redirect: 'error',
        credentials: withCredentials ? 'include' : 'same-origin',
      })
    },
  }
}

/**
 * Returns a function that makes the exchange of each connection; that throws `bad-url` for a wrong
 * address.
 */
export function httpExchange(
  options: ResolvedHttpOptions,
): (url: string, credentials: Credentials) => HttpExchange {
  const { postUrl, idParameter } = options
  const addressOf = secureAddress('http', options.allowInsecure)
  return (url, credentials) => {
    const address = addressOf(url)
    const posts = postUrl === undefined ? address : addressOf(new URL(postUrl, address).href)
    const id = idParameter === undefined ? {} : { [idParameter]: randomId() }
    return {
      ...httpRequests(options, credentials),
      url: withQuery(address, id),
      postUrl: withQuery(posts, id),
      resolve: (to) => withQuery(addressOf(new URL(to, posts).href), id),
    }
  }
}

/** Options of requests, with their defaults filled in. */
interface RequestOptions extends Pick<HttpOptions, 'fetch'> {
  readonly headers: NonNullable<HttpOptions['headers']>
  readonly withCredentials: boolean
}

/** Options with all defaults filled in. */
interface ResolvedHttpOptions extends RequestOptions, Pick<HttpOptions, 'postUrl' | 'idParameter'> {
  readonly allowInsecure: boolean
}

function bearer({ token }: Credentials): Readonly<Record<string, string>> {
  return token === undefined ? {} : { authorization: `Bearer ${token}` }
}
