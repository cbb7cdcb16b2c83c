/** The longest type, request id, client id or event id, in characters. */
export const LONGEST_NAME = 128

/** What the protocol itself says; an event or request of such a name would be taken for it. */
const OWN_WORDS: ReadonlySet<string> = new Set([
  'auth',
  'auth:expiring',
  'error',
  'goaway',
  'hello',
  'ping',
  'pong',
  'presence:heartbeat',
  'presence:join',
  'presence:leave',
  'presence:sync',
  'presence:update',
  'publish',
  'reply',
  'subscribe',
  'subscribed',
  'unsubscribe',
  'unsubscribed',
  'welcome',
])

/** Whether a name may be that of an application's event or request. */
export function isOwnType(type: string): boolean {
  return type.length > 0 && type.length <= LONGEST_NAME && !OWN_WORDS.has(type)
}
