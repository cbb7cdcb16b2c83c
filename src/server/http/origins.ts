import { WirefoldError } from '../../base/errors.ts'

/** Rules for the `Origin` of requests. */
export interface OriginRules {
  /** The allowed origins, `*` for all; `undefined` if the option is not set, which allows all. */
  readonly origins: readonly string[] | '*' | undefined
  /** Whether `Origin: null` is allowed in addition to the list. */
  readonly allowNullOrigin: boolean
  /** Whether requests without an `Origin` are allowed. */
  readonly allowMissingOrigin: boolean
}

/** Checks the `Origin` header of a request; origins are compared exactly (RFC 6454). */
export function originAllowed(origin: string | undefined, rules: OriginRules): boolean {
  const { origins, allowNullOrigin, allowMissingOrigin } = rules
  if (origin === undefined) return allowMissingOrigin
  if (origins === undefined || origins === '*') return true
  return origin === 'null' ? allowNullOrigin : origins.includes(origin)
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
  return new WirefoldError('bad-option', message, { option: 'origins' })
}
