import { checkNames } from '../../base/known-names.ts'

/** Times after which the server removes members of presence. */
export interface ServerPresenceOptions {
  /**
   * Time that the members of a closed connection stay, so that a new connection can take them over,
   * in milliseconds.
   * @default 15_000
   */
  readonly graceMs?: number | undefined
  /**
   * Time without a sign of life after which a connection with members is pinged, in milliseconds.
   * @default 15_000
   */
  readonly pingMs?: number | undefined
  /**
   * Time without a sign of life after which a connection with members is closed and its members are
   * removed, in milliseconds. The members of a crashed server are removed within the same time.
   * @default 30_000
   */
  readonly timeoutMs?: number | undefined
}

/** Default values of {@link ServerPresenceOptions}. */
export const presenceDefaults = { graceMs: 15_000, pingMs: 15_000, timeoutMs: 30_000 } as const

/** Options with the defaults filled in. */
export type ResolvedPresence = { readonly [name in keyof typeof presenceDefaults]: number }

/** Fills in the defaults, also for options that are explicitly `undefined`. */
export function resolvePresence(options: ServerPresenceOptions = {}): ResolvedPresence {
  checkNames('The option presence', options, presenceDefaults)
  return {
    graceMs: options.graceMs ?? presenceDefaults.graceMs,
    pingMs: options.pingMs ?? presenceDefaults.pingMs,
    timeoutMs: options.timeoutMs ?? presenceDefaults.timeoutMs,
  }
}
