import type { Refusal } from '../../base/errors.ts'
import type { HelloCommand, MalformedCommand } from '../../protocol/command.ts'
import { asFields, asString, type Fields, isFields } from '../../protocol/fields.ts'
import type { ClientPacket } from './server-codec.ts'

/** Close codes of a disconnect after which a client must not connect again by itself. */
export const FINAL_CODES: readonly number[] = [1008, 4403]

/** Close code of a client that reads too slowly. */
export const TOO_SLOW_CODE = 1013

/** What such a client receives before its connection ends. */
export const TOO_SLOW: Refusal = {
  code: 'too-slow',
  message: 'The connection ends, since it was too slow for its events. Fetch the state again.',
  retryable: true,
}

/** Prefix of the keys of acknowledgements. */
const ACK = 'ack:'

/** Returns the key of an acknowledgement from its number. */
export function ackKey(number: number | undefined): string | undefined {
  return number === undefined ? undefined : ACK + number
}

/** Returns the text of an acknowledgement; an `undefined` value stands for no argument. */
export function ackText(prefix: string, key: string, value: unknown): string {
  const values = value === undefined ? [] : [value]
  return `43${prefix}${key.slice(ACK.length)}${JSON.stringify(values)}`
}

/** Returns the argument of an acknowledgement that refuses: the protocol has no error for one. */
export function refusalOf({ code, message, retryAfterMs }: Refusal): Fields {
  return { error: message, code, retryAfterMs }
}

/** Returns the hello that a CONNECT with these credentials stands for. */
export function helloOf(credentials: unknown): HelloCommand {
  const token = asString(asFields(credentials).token)
  const nothing = { clientId: undefined, senderId: undefined, expectUser: undefined }
  return { kind: 'hello', protocol: 1, token, parts: false, ...nothing }
}

/** Whether a value that was decoded is a packet. */
export function isPacket(wire: unknown): wire is ClientPacket {
  const kinds = ['ping', 'pong', 'connect', 'disconnect', 'event']
  return isFields(wire) && kinds.includes(asString(wire.kind) ?? '')
}

/** Returns a message that cannot be read, for this reason. */
export function malformed(reason: string, requestId?: string): MalformedCommand {
  return { kind: 'malformed', reason, requestId }
}
