import type { Clock } from '../base/clock.ts'
import type { WirefoldError } from '../base/errors.ts'
import type { GoawayFrame } from '../protocol/frame.ts'
import type { MountSession } from './session/mount.ts'
import { drainDefaults, GivenOptions, isText } from './shutdown-options.ts'

/**
 * Asks sessions to reconnect elsewhere, and ends each that is ready: once it has left its channels
 * or, if it had none, once it is idle and the window is over. A session whose protocol cannot ask
 * its client ends once the window is over and its requests are done.
 *
 * Resolves once no session is left, or at the deadline.
 */
export async function drain(deps: DrainDeps, notice: GoawayFrame): Promise<void> {
  const { sessions, clock, end, emptied } = deps
  let over = false
  for (const session of sessions) {
    const subscribed = session.info().channels.length > 0
    const asked = session.drain?.(notice, () => {
      if ((asked && subscribed) || over) end(session)
    })
  }
  const cancelWindow = clock.after(notice.windowMs, () => {
    over = true
    for (const session of sessions) if (session.resting ?? !session.drain) end(session)
  })
  let cancelDeadline = (): void => {}
  const deadline = new Promise<void>((resolve) => {
    cancelDeadline = clock.after(notice.deadlineMs, resolve)
  })
  await Promise.race([emptied, deadline])
  cancelWindow()
  cancelDeadline()
}

/**
 * Builds the goaway frame of a drain; the window never ends after the deadline.
 *
 * @returns the frame; and the error about options that cannot be used, in place of which it has the
 * defaults
 */
export function drainNotice(options: unknown): {
  readonly notice: GoawayFrame
  readonly mistake: WirefoldError | undefined
} {
  const given = new GivenOptions(options)
  const deadlineMs = given.read('deadlineMs', isTime, drainDefaults.deadlineMs, TIME)
  const window = given.read('windowMs', isTime, drainDefaults.windowMs, TIME)
  const reason = given.read('reason', isText, drainDefaults.reason, 'a string')
  const windowMs = Math.min(window, deadlineMs)
  return { notice: { kind: 'goaway', deadlineMs, windowMs, reason }, mistake: given.mistake }
}

const TIME = 'a number of milliseconds'

function isTime(value: unknown): value is number {
  return typeof value === 'number' && !Number.isNaN(value)
}

/** The dependencies of {@link drain}. */
export interface DrainDeps {
  readonly sessions: readonly MountSession[]
  readonly clock: Clock
  /** Closes a session; does nothing if it is closed already. */
  readonly end: (session: MountSession) => void
  /** Resolves once no session is left. */
  readonly emptied: Promise<void>
}
