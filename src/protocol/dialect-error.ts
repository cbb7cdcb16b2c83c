import type { ErrorDetails } from '../base/errors.ts'
import { isWirefoldError, messageOf, WirefoldError } from '../base/errors.ts'
import type { Dialect, DialectFactory } from './dialect.ts'

/**
 * Returns the error for a dialect that has thrown. An error of wirefold's own passes unchanged, such as
 * `no-crypto` of a dialect that makes ids.
 *
 * @param dialect name of the dialect
 */
export function dialectError(
  dialect: string,
  method: ErrorDetails['dialect-failed']['method'],
  cause: unknown,
): WirefoldError {
  if (isWirefoldError(cause)) return cause
  const what = method === 'factory' ? 'its factory' : `${method}()`
  const message = `The dialect ${dialect} threw in ${what}: ${messageOf(cause)}. This is an error of the dialect, which must not throw; see the cause.`
  return new WirefoldError('dialect-failed', message, { dialect, method }, { cause })
}

/**
 * Creates the dialect of one socket. If its factory throws, throws `dialect-failed`; with an earlier
 * dialect, returns one whose address cannot be made, so that the socket fails with that error.
 */
export function createDialect(factory: DialectFactory, earlier?: Dialect): Dialect {
  try {
    return factory()
  } catch (cause) {
    const error = dialectError(earlier?.name ?? (factory.name || '(unnamed)'), 'factory', cause)
    if (!earlier) throw error
    return Object.create(earlier, {
      url: {
        value() {
          throw error
        },
      },
    })
  }
}
