/** Maximum length of a type, request id, client id or event id, in characters. */
const LONGEST_NAME = 128

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

/** What {@link isName} demands, for an error. */
export const NAME_RULE = `1 to ${LONGEST_NAME} characters, without half a surrogate pair`

/** What {@link isOwnType} demands, for an error. */
export const OWN_TYPE_RULE = `${NAME_RULE}, and none of ${[...RESERVED_TYPES].join(', ')}`

/**
 * Whether a text has no half of a surrogate pair, which UTF-8 cannot represent: two names that differ
 * in it would become one, for example on Redis.
 */
export function isWellFormed(text: string): boolean {
  return !/[\ud800-\udfff]/u.test(text)
}

/** Whether a value may be a type, or the id of a request, client or event. */
export function isName(value: unknown): value is string {
  const short = typeof value === 'string' && value.length > 0 && value.length <= LONGEST_NAME
  return short && isWellFormed(value)
}

/** Whether a value may be the type of an event or request of an application. */
export function isOwnType(type: unknown): type is string {
  return isName(type) && !RESERVED_TYPES.has(type)
}
