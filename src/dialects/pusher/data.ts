import { messageOf } from '../../base/errors.ts'
import { jsonCodec } from '../../protocol/json-codec.ts'

/**
 * Returns the value of JSON text, with the limits of {@link jsonCodec}: `undefined` for one beyond them. Any
 * other text or value is returned as it is.
 */
export function dataOf(data: unknown): unknown {
  if (typeof data !== 'string') return data
  try {
    return jsonCodec.decode(data)
  } catch (error) {
    return messageOf(error).endsWith(': not JSON.') ? data : undefined
  }
}
