/** How long somebody counts as being somewhere. */
export interface ServerPresenceOptions {
  /**
   * How long the members of a closed connection stay for another one to take them over, in
   * milliseconds.
   * @default 15_000
   */
  readonly graceMs?: number | undefined
  /**
   * After how long a silence a connection that holds members is asked for a sign of life, in
   * milliseconds.
   * @default 15_000
   */
  readonly pingMs?: number | undefined
  /**
   * After how long a silence its members are gone, in milliseconds; the connection is closed with
   * them. Within the same time the members of a server that died are gone.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
}

/** The values of options that are not given. */
export const presenceDefaults = { graceMs: 15_000, pingMs: 15_000, timeoutMs: 30_000 } as const

/** Options with nothing left open. */
export type ResolvedPresence = { readonly [name in keyof typeof presenceDefaults]: number }

/** Fills in the defaults; an explicit `undefined` keeps them. */
export function resolvePresence(options: ServerPresenceOptions = {}): ResolvedPresence {
  return {
    graceMs: options.graceMs ?? presenceDefaults.graceMs,
    pingMs: options.pingMs ?? presenceDefaults.pingMs,
    timeoutMs: options.timeoutMs ?? presenceDefaults.timeoutMs,
  }
}
