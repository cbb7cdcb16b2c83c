import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields, type Fields } from '../../protocol/fields.ts'
import { noticeFrame } from '../../protocol/frame-constructors.ts'
import { isEncrypted } from './channels.ts'
import { dataOf } from './data.ts'

/**
 * Makes the dialect decrypt the events of channels `private-encrypted-…`. One that is not encrypted, or cannot be
 * decrypted, is reported as `bad-frame`.
 *
 * @param decrypt returns the decrypted text of an event, by the secret that the auth endpoint returned
 * for the channel; throws if it cannot
 */
export function withDecryption(pusher: DialectFactory, decrypt: Decrypt): DialectFactory {
  return () => {
    const inner = pusher()
    return {
      ...inner,
      decode(wire) {
        const { event, channel, data } = asFields(wire)
        const isDue = typeof channel === 'string' && isEncrypted(channel) && !isOwn(event)
        if (!isDue) return inner.decode(wire)
        const box = asFields(dataOf(data))
        if (!('ciphertext' in box)) return noticeFrame('malformed', 'not encrypted', wire)
        try {
          return inner.decode({ event, channel, data: decrypt(channel, box) })
        } catch {
          return noticeFrame('malformed', 'not decrypted', wire)
        }
      },
    }
  }
}

/** Whether an event is one of the protocol, which is not encrypted. */
function isOwn(event: unknown): boolean {
  return typeof event === 'string' && /^pusher(_internal)?:/.test(event)
}

/** Returns the text of an encrypted event of a channel; throws if it cannot be decrypted. */
export type Decrypt = (channel: string, data: Fields) => string
