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
