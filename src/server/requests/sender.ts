import { createHmac } from 'node:crypto'
import type { User } from '../access/hooks.ts'

/** The sender of requests, on one connection. */
export interface Sender {
  readonly user: User | null
  /** Id that an anonymous client chose for itself, if any. */
  readonly senderId: string | undefined
  readonly connectionId: string
}

/** Returns the identity of a sender: its user, else its own id, else its connection. */
export function scopeOf({ user, senderId, connectionId }: Sender): readonly string[] {
  if (user) return ['user', user.id]
  return senderId === undefined ? ['connection', connectionId] : ['sender', senderId]
}

/** Length of a tag without its colon: 96 bits, so that no second sender with the same one is found. */
const TAG_LENGTH = 16

/**
 * Returns the text that the server puts before the ids of a sender's events, so that no client can
 * publish an event with the id of another user's.
 *
 * @param secret keeps receivers of the events from testing which user a tag belongs to
 */
export function eventTag(secret: string, sender: Sender): string {
  const digest = createHmac('sha256', secret).update(JSON.stringify(scopeOf(sender)))
  return `${digest.digest('base64url').slice(0, TAG_LENGTH)}:`
}
