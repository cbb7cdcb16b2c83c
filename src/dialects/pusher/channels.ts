/** Begins the name under which the client itself is a member; no channel begins so. */
export const OWN = '\npresence:'

/** Returns the channel of the backend for a name of the client. */
export function wireName(name: string): string {
  return name.replace(/^\n?presence:/, 'presence-')
}

/** Returns the name with the members of a presence channel. */
export function membersName(channel: string): string {
  return channel.replace('presence-', 'presence:')
}

export function isPresence(channel: string): boolean {
  return channel.startsWith('presence-')
}

/** Whether a subscribe to a channel needs a signature. */
export function isSigned(channel: string): boolean {
  return /^p(rivate|resence)-/.test(channel)
}

/** Whether the events of a channel are encrypted. */
export function isEncrypted(channel: string): boolean {
  return channel.startsWith('private-encrypted-')
}
