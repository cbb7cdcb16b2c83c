import type { ErrorDetails } from '../base/errors.ts'
import { badOption, causedBy, type WirefoldError } from '../base/errors.ts'
import type { Dialect, DialectFactory } from './dialect.ts'

/**
 * Creates the dialect of one socket; throws `dialect-failed` if the factory throws, and `bad-option` if it
 * makes no dialect, but a factory: it has options, and was not called; or if it is no factory, but a name or
 * a dialect.
 *
 * @param name names the dialect in that error
 */
export function createDialect(
  factory: DialectFactory,
  name: string = factory.name || '(unnamed)',
): Dialect {
  if (typeof factory !== 'function') {
    throw badOption('dialect', 'The dialect is no function. Use one, such as phoenix.')
  }
  const dialect = callDialect(name, 'factory', () => factory())
  if ('encode' in dialect) return dialect
  throw badOption('dialect', `The dialect is ${name}. Use ${name}().`)
}

/**
 * Returns the result of a function of a dialect; throws `dialect-failed` if the function throws. An error
 * of wirefold's own passes unchanged, such as `no-crypto` of a dialect that makes ids.
 *
 * @param name name of the dialect
 */
export function callDialect<Result>(
  name: string,
  method: ErrorDetails['dialect-failed']['method'],
  run: () => Result,
): Result {
  try {
    return run()
  } catch (cause) {
    throw dialectError(name, method, cause)
  }
}

/** Returns the error of a dialect's function that threw; see {@link callDialect}. */
export function dialectError(
  name: string,
  method: ErrorDetails['dialect-failed']['method'],
  cause: unknown,
): WirefoldError {
  const where = method === 'factory' ? 'its factory' : `${method}()`
  const what = `The dialect ${name} threw in ${where}`
  return causedBy(cause, 'dialect-failed', what, { dialect: name, method })
}
