import { WirefoldError } from '../../base/errors.ts'

/** Which pages may connect. */
export interface OriginRules {
  /** The origins of a list, `*` for all; `undefined` where nobody said. */
  readonly origins: readonly string[] | '*' | undefined
  /** Whether `Origin: null` is let through although there is a list. */
  readonly allowNullOrigin: boolean
  /** Whether requests without an `Origin` are let through. */
  readonly allowMissingOrigin: boolean
}

/** Whether a request's `Origin` header is let through; origins are compared exactly (RFC 6454). */
export function originAllowed(origin: string | undefined, rules: OriginRules): boolean {
  const { origins, allowNullOrigin, allowMissingOrigin } = rules
  if (origin === undefined) return allowMissingOrigin
  if (origins === undefined || origins === '*') return true
  return origin === 'null' ? allowNullOrigin : origins.includes(origin)
}

/**
 * Throws `bad-option` where the rules would let everybody in unawares, or nobody.
 *
 * @param production whether this is no place for trying things out
 */
export function assertOrigins({ origins }: OriginRules, production: boolean): void {
  if (origins === undefined && production) {
    throw badOrigins(
      'In production every page of the web could connect with the cookies of its visitors: give the origins of your own pages, or "*" where that is meant.',
    )
  }
  if (origins === undefined || origins === '*') return
  for (const origin of origins) {
    if (/^[a-z][a-z\d+.-]*:\/\/[^/?#\sA-Z]+$/.test(origin)) continue
    throw badOrigins(
      `${JSON.stringify(origin)} is no origin: give scheme, host and port in lower case, as "https://app.example.com".`,
    )
  }
}

function badOrigins(message: string): WirefoldError {
  return new WirefoldError('bad-option', message, { option: 'origins' })
}
