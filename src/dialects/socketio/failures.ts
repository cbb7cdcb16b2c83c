import { asFields, asString } from '../../protocol/fields.ts'
import type { RefusalFrame } from '../../protocol/frame.ts'
import { refusalFrame } from '../../protocol/frame-constructors.ts'

/**
 * The form in which an acknowledgement reports a failure: `field`: its first argument has an `error`; `node`: its first
 * argument is the error or `null`, and the result follows, as with callbacks of Node.
 */
export type AckErrors = 'field' | 'node'

/**
 * Returns the refusal of what waits under `key`, by an error as applications send it: a text, or an object
 * with a `message` and a `code`. A text of one word is the code as well; without any it is `refused`.
 *
 * @param whole the object that has the error, perhaps beside its `code`
 */
export function refusal(key: string, error: unknown, whole: unknown = error): RefusalFrame {
  const fields = { ...asFields(whole), ...asFields(error) }
  const message = asString(error) ?? asString(fields.message) ?? ''
  const code = fields.code ?? (/^[\w-]+$/.test(message) ? message : 'refused')
  return refusalFrame([key], { ...fields, message, code, details: whole })
}
