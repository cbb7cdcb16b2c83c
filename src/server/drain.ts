import type { Clock } from '../base/clock.ts'
import type { GoawayFrame } from '../protocol/frame.ts'
import type { MountSession } from './session/mount.ts'
import type { DrainOptions } from './shutdown-options.ts'
import { drainDefaults } from './shutdown-options.ts'

/**
 * Asks sessions to reconnect elsewhere, and ends each that is ready: once it has left its channels
 * or, if it had none, once it is idle and the window is over. A session whose protocol cannot ask
 * its client ends once the window is over.
 *
 * Resolves once no session is left, or at the deadline.
 */
export async function drain(deps: DrainDeps, notice: GoawayFrame): Promise<void> {
  const { sessions, clock, end, emptied } = deps
  let over = false
  for (const session of sessions) {
    const moves = session.info().channels.length > 0
    session.drain?.(notice, () => {
      if (moves || over) end(session)
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

/** Builds the goaway frame of a drain; the window never ends after the deadline. */
export function drainNotice(options: DrainOptions): GoawayFrame {
  const deadlineMs = options.deadlineMs ?? drainDefaults.deadlineMs
  const windowMs = Math.min(options.windowMs ?? drainDefaults.windowMs, deadlineMs)
  return { kind: 'goaway', deadlineMs, windowMs, reason: options.reason ?? drainDefaults.reason }
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
