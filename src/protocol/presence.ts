/** One device of a user who is somewhere: a tab, an app. */
export interface PresenceDevice {
  readonly id: string
  /** What it tells of itself. */
  readonly meta?: unknown
  /** When it last gave a sign of life, in milliseconds since the Unix epoch. */
  readonly lastSeen: number
}

/** A user who is somewhere, on one device or several. */
export interface PresenceUser {
  readonly id: string
  readonly name?: string | undefined
  /** When any of the devices last gave a sign of life, in milliseconds since the Unix epoch. */
  readonly lastSeen: number
  /** What the newest device tells of itself. */
  readonly meta?: unknown
  /** In the order in which they came; empty where the backend does not tell devices apart. */
  readonly devices: readonly PresenceDevice[]
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
