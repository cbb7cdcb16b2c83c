/** Whether a channel is of the family that a name such as `agent:*` stands for. */
export function inFamily(channel: string, pattern: string): boolean {
  return pattern.endsWith(':*') && channel.startsWith(pattern.slice(0, -1))
}
