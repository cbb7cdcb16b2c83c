import { badOption, type WirefoldError } from '../../base/errors.ts'
import { loggable } from '../../base/logger.ts'

/** Maximum number of refused origins that a server reports, so that strangers cannot fill its log. */
const MOST_REPORTED = 20

/** Rules for the `Origin` of requests. */
export interface OriginRules {
  /**
   * The allowed origins, `*` for all; `undefined` if the option is not set, which allows those of
   * this machine and of the host that the request names.
   */
  readonly origins: readonly string[] | '*' | undefined
  /** Whether `Origin: null` is allowed in addition to the list. */
  readonly allowNullOrigin: boolean
  /** Whether requests without an `Origin` are allowed. */
  readonly allowMissingOrigin: boolean
}

/** Checks the `Origin` header of a request; origins are compared exactly (RFC 6454). */
export function originAllowed({ origin, host }: OriginHeaders, rules: OriginRules): boolean {
  const { origins, allowNullOrigin, allowMissingOrigin } = rules
  if (origin === undefined) return allowMissingOrigin
  if (origins === '*') return true
  if (origin === 'null') return allowNullOrigin
  if (origins) return origins.includes(origin)
  return isLoopback(origin) || isOfHost(origin, host)
}

/** The headers of a request that its origin is checked by. */
export interface OriginHeaders {
  readonly origin?: string | undefined
  readonly host?: string | undefined
}

/** Reports refused origins, once each, and once that the option `origins` is missing. */
export class OriginReports {
  readonly #warn: (text: string) => void
  readonly #reported = new Set<string>()
  #missing: boolean

  constructor({ origins }: OriginRules, warn: (text: string) => void) {
    this.#warn = warn
    this.#missing = origins === undefined
  }

  /** Receives the origin of a request, and whether it was allowed. */
  checked(origin: string | undefined, allowed: boolean): void {
    if (origin === undefined) return
    if (this.#missing && !isLoopback(origin)) {
      this.#missing = false
      this.#warn(
        'wirefold: the option `origins` is missing. Only pages of this machine and of the host of the server may connect, and in production the server does not start. List the origins of your own pages.',
      )
    }
    const known = this.#reported.has(origin) || this.#reported.size >= MOST_REPORTED
    if (allowed || known) return
    this.#reported.add(origin)
    const option = origin === 'null' ? '`allowNullOrigin: true`' : 'it to the option `origins`'
    this.#warn(
      `wirefold: refused a connection from the origin "${loggable(origin)}". If it is yours, add ${option}.`,
    )
  }
}

/** Whether an origin is of this machine, at any port. */
function isLoopback(origin: string): boolean {
  const { hostname = '' } = parsed(origin) ?? {}
  return /^(?:(?:.+\.)?localhost|127(?:\.\d+){3}|\[::1\])$/.test(hostname)
}

/** Whether an origin has the host and port of a `Host` header; the default port may be left out. */
function isOfHost(origin: string, host: string | undefined): boolean {
  const url = parsed(origin)
  return (
    url !== undefined && host !== undefined && url.host === parsed(`${url.protocol}//${host}`)?.host
  )
}

function parsed(url: string): URL | undefined {
  return URL.canParse(url) ? new URL(url) : undefined
}

/**
 * Throws `bad-option` if `origins` is missing in production, or contains something else than origins,
 * which no header would match.
 */
export function assertOrigins({ origins }: OriginRules, production: boolean): void {
  if (origins === undefined && production) {
    throw badOrigins(
      'The option `origins` is missing in production: any website could connect with the cookies of its visitors. List the origins of your own pages, or give "*" to allow all.',
    )
  }
  if (origins === undefined || origins === '*') return
  for (const origin of origins) {
    if (/^[a-z][a-z\d+.-]*:\/\/[^/?#\sA-Z]+$/.test(origin)) continue
    throw badOrigins(
      `${JSON.stringify(origin)} is not an origin. Give scheme, host and port in lower case, such as "https://app.example.com".`,
    )
  }
}

function badOrigins(message: string): WirefoldError {
  return badOption('origins', message)
}
