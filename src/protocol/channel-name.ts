/**
 * Whether a value is a channel name: 1 to 256 characters, none of them a control character or half of
 * a surrogate pair, which UTF-8 cannot represent: two names would become one.
 */
export function isChannel(name: unknown): name is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are to be found.
  const valid = /^[^\x00-\x1f\x7f-\x9f\ud800-\udfff]+$/u
  return typeof name === 'string' && name.length <= 256 && valid.test(name)
}

/** Whether a channel belongs to the family of a pattern such as `agent:*`. */
export function inFamily(channel: string, pattern: string): boolean {
  return pattern.endsWith(':*') && channel.startsWith(pattern.slice(0, -1))
}

const PREFIX = 'presence:'

/** Returns the channel with the presence events of a resource. */
export function presenceChannel(resource: string): string {
  return `${PREFIX}${resource}`
}

/**
 * Returns the resource of a presence channel, which may contain colons and slashes; `undefined` for
 * any other channel.
 */
export function presenceResource(channel: string): string | undefined {
  return channel.startsWith(PREFIX) ? channel.slice(PREFIX.length) : undefined
}
