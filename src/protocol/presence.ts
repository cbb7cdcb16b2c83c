/** One device of a present user: a tab, an app. */
export interface PresenceDevice {
  readonly id: string
  /** Metadata of the device. */
  readonly meta?: unknown
  /** Time of its last heartbeat, in milliseconds since the Unix epoch. */
  readonly lastSeen: number
}

/** A present user, on one device or several. */
export interface PresenceUser {
  readonly id: string
  readonly name?: string | undefined
  /** Time of the last heartbeat of any device, in milliseconds since the Unix epoch. */
  readonly lastSeen: number
  /** Metadata of the newest device. */
  readonly meta?: unknown
  /** Devices in the order in which they joined; empty if the backend does not distinguish them. */
  readonly devices: readonly PresenceDevice[]
}
