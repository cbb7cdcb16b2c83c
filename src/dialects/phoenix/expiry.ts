import { asFields, asNumber } from '../../protocol/fields.ts'

/**
 * Returns the time at which a JSON Web Token expires, in milliseconds since the Unix epoch; `undefined`
 * for a token without such a time. Its signature is the server's matter.
 */
export function expiryOf(token: string | undefined): number | undefined {
  try {
    const [, body = ''] = (token ?? '').split('.')
    const json = atob(body.replaceAll('-', '+').replaceAll('_', '/'))
    const seconds = asNumber(asFields(JSON.parse(json)).exp)
    return seconds && seconds * 1000
  } catch {
    return undefined
  }
}
