import { isPromise } from '../base/deferred.ts'
import type { ContractIssue } from '../base/errors.ts'
import { messageOf } from '../base/errors.ts'
import type { InvalidValue, Verdict } from '../ports/contract-rules.ts'
import { pathsOf } from './issues.ts'
import type { StandardSchemaV1 } from './standard-schema.ts'

const NO_RESULT = 'The schema returned neither a value nor issues.'

/**
 * Validates a value. A schema that throws or rejects is an issue without a path; never throws.
 *
 * @returns a promise only if the schema returns one: promises are most of the cost of a message
 */
export function validateValue(
  schema: StandardSchemaV1,
  value: unknown,
): Verdict | Promise<Verdict> {
  try {
    const result = schema['~standard'].validate(value)
    return isPromise(result) ? Promise.resolve(result).then(checked).catch(failed) : checked(result)
  } catch (error) {
    return failed(error)
  }
}

function failure(issues: readonly ContractIssue[]): InvalidValue {
  return { issues, paths: pathsOf(issues) }
}

function checked(result: StandardSchemaV1.Result<unknown>): Verdict {
  // A failure of arktype is an array, of a kind whose methods make more of it.
  if (typeof result !== 'object' || result === null) return failure([{ message: NO_RESULT }])
  if (result.issues) return failure(Array.from(result.issues))
  return 'value' in result ? { value: result.value } : failure([{ message: NO_RESULT }])
}

function failed(error: unknown): InvalidValue {
  return failure([{ message: `The schema failed: ${messageOf(error)}` }])
}
