/**
 * The protocol of Action Cable, for Rails and AnyCable.
 *
 * @module wirefold/dialects/actioncable
 */

export type { AnyCableOptions } from '../../dialects/actioncable/anycable.ts'
export { anycable } from '../../dialects/actioncable/anycable.ts'
export type { AnyCablePresence } from '../../dialects/actioncable/anycable-presence.ts'
export { anycablePresence, resourceOf } from '../../dialects/actioncable/anycable-presence.ts'
export { actioncable } from '../../dialects/actioncable/dialect.ts'
export type { ActionCableOptions } from '../../dialects/actioncable/messages.ts'
