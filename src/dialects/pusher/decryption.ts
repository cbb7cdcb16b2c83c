import type { DialectFactory } from '../../protocol/dialect.ts'
import { asFields, asString, type Fields } from '../../protocol/fields.ts'
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
        const name = asString(channel) ?? ''
        const isOfProtocol = /^pusher(_internal)?:/.test(asString(event) ?? '')
        if (isOfProtocol || !isEncrypted(name)) return inner.decode(wire)
        const box = asFields(dataOf(data))
        try {
          if ('ciphertext' in box) return inner.decode({ event, channel, data: decrypt(name, box) })
        } catch {}
        return noticeFrame('malformed', 'not decrypted', wire)
      },
    }
  }
}

/** Returns the text of an encrypted event of a channel; throws if it cannot be decrypted. */
export type Decrypt = (channel: string, data: Fields) => string
