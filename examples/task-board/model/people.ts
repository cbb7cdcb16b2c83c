import { PresenceManager } from 'wirefold'
import type { Doing } from '../shared.ts'
import { BOARD } from '../shared.ts'
import { channels } from './channels.ts'

const presence = new PresenceManager(channels)

/** The people who have the board open, each in one or more windows. */
export const people = presence.of(BOARD)

let here: ReturnType<PresenceManager['enter']> | undefined

/**
 * Enters the board, so that other windows show this person. A page that is left for good, as by
 * choosing another name, leaves at once: the time for a lost connection is not for it.
 */
export function enterBoard(): void {
  here = presence.enter(BOARD, {})
  // Not `pagehide`: the socket is closed then.
  addEventListener('beforeunload', () => here?.())
  addEventListener('pageshow', ({ persisted }) => {
    if (persisted) here = presence.enter(BOARD, {})
  })
}

/** Sends the current activity in this window to the others. */
export function showActivity(doing: Doing): void {
  here?.update(doing)
}
