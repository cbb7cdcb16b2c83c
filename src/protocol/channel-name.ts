import { isFields } from './fields.ts'

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

/** Ends the name of a channel with parameters; no name has it. */
const NAME_END = '\n'

/**
 * Returns the channel of a name with parameters that identify it: the name, a line break, and the
 * parameters as JSON, with sorted fields, so that equal parameters give the same channel. Throws a
 * `TypeError` for parameters that JSON cannot represent.
 */
export function channelWith(name: string, params: unknown): string {
  const json = JSON.stringify(params, (_, inner: unknown) =>
    isFields(inner)
      ? Object.fromEntries(Object.entries(inner).sort(([one], [other]) => (one < other ? -1 : 1)))
      : inner,
  )
  return `${name}${NAME_END}${json}`
}

/** Returns the name of a channel, without the parameters that identify it. */
export function channelName(channel: string): string {
  const end = channel.indexOf(NAME_END)
  return end < 0 ? channel : channel.slice(0, end)
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
