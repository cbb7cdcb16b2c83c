/**
 * Whether a name may be a channel: 1 to 256 characters, none of them a control character.
 */
export function isChannel(name: unknown): name is string {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: they are what this looks for.
  return typeof name === 'string' && name.length <= 256 && /^[^\x00-\x1f\x7f-\x9f]+$/.test(name)
}

/** Whether a channel is of the family that a name such as `agent:*` stands for. */
export function inFamily(channel: string, pattern: string): boolean {
  return pattern.endsWith(':*') && channel.startsWith(pattern.slice(0, -1))
}

const PREFIX = 'presence:'

/** The channel that tells who is at a resource. */
export function presenceChannel(resource: string): string {
  return `${PREFIX}${resource}`
}

/** The resource of such a channel, which may contain colons and slashes; `undefined` for any other. */
export function presenceResource(channel: string): string | undefined {
  return channel.startsWith(PREFIX) ? channel.slice(PREFIX.length) : undefined
}
