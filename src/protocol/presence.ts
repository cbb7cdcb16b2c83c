/** One device of a present user: a tab, an app. */
export interface PresenceDevice<Meta = unknown> {
  /** Id of the device, unique for the user. */
  readonly id: string
  /** Metadata of the device. */
  readonly meta?: Meta | undefined
  /** Time of its last heartbeat, in milliseconds since the Unix epoch. */
  readonly lastSeen: number
}

/** A present user, on one device or several. */
export interface PresenceUser<Meta = unknown> {
  /** Id of the user. */
  readonly id: string
  /** Name of the user for other users. */
  readonly name?: string | undefined
  /** Time of the last heartbeat of any device, in milliseconds since the Unix epoch. */
  readonly lastSeen: number
  /** Metadata of the newest device. */
  readonly meta?: Meta | undefined
  /** Devices in the order in which they joined; empty if the backend does not distinguish them. */
  readonly devices: readonly PresenceDevice<Meta>[]
  /** Offset of the user's last event in the presence channel, where the backend has it. */
  readonly at?: number | undefined
}

/**
 * The payload of a `presence:join`, `presence:update` or `presence:leave` of the server: the
 * change of a user. `canReceive` and server dialects get it.
 */
export interface PresenceEventPayload {
  /** The user after the event. */
  readonly user: Pick<PresenceUser, 'id' | 'name' | 'lastSeen'>
  /** The device that came or changed. */
  readonly device?: PresenceDevice
  /** Id of the device that left, while the user stays. */
  readonly gone?: string
  /** Offset of the user's previous event, which an update follows on. */
  readonly after?: number
}
