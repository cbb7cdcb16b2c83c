import type { Refusal } from '../../base/errors.ts'
import { asFields, type Fields } from '../../protocol/fields.ts'
import { readPeerRefusal } from '../../protocol/refusal.ts'

/**
 * Returns the refusal that a result's `errors` are: message and `extensions.code` of the first one, and the
 * whole result as details; `undefined` for a result without errors.
 */
export function refusalOf(result: Fields): Refusal | undefined {
  const { errors } = result
  if (!Array.isArray(errors) || errors.length === 0) return undefined
  const { message, extensions } = asFields(errors[0])
  return readPeerRefusal({ code: asFields(extensions).code, message }, result)
}
