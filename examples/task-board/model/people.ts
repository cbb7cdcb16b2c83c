import { PresenceManager } from 'wirefold'
import type { Doing } from '../shared.ts'
import { BOARD } from '../shared.ts'
import { channels } from './channels.ts'

const presence = new PresenceManager(channels)

/** Who has the board open; a person may have it open in several windows. */
export const people = presence.of(BOARD)

let here: ReturnType<PresenceManager['enter']> | undefined

/** Has this window be seen by the others. */
export function enterBoard(): void {
  here = presence.enter(BOARD, {})
}

/** Tells the others what is being done in this window. */
export function tell(doing: Doing): void {
  here?.update(doing)
}
