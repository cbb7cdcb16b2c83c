/** Maximum length of a type, request id, client id or event id, in characters. */
export const LONGEST_NAME = 128

/** Types of the protocol itself; an event or request of such a type would be mistaken for them. */
const RESERVED_TYPES: ReadonlySet<string> = new Set([
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

/** Whether a name may be the type of an event or request of an application. */
export function isOwnType(type: string): boolean {
  return type.length > 0 && type.length <= LONGEST_NAME && !RESERVED_TYPES.has(type)
}
