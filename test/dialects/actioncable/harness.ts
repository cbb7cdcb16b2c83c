import { actioncable, anycable, anycablePresence } from 'wirefold/dialects/actioncable'
import type { DialectHarness } from 'wirefold/testing'
import type { Fields } from '../../../src/protocol/fields.ts'
import { recordedReplies } from './recording.ts'

/** The dialects of Action Cable, with the recorded messages of their servers. */
export const cableHarnesses: Readonly<Record<string, DialectHarness>> = {
  actioncable: {
    dialect: actioncable(),
    messages: recordedReplies('actioncable'),
    answer: ({ command, identifier }: Fields) =>
      command === 'subscribe' ? { type: 'confirm_subscription', identifier } : undefined,
  },
  anycable: {
    dialect: anycable({
      presence: anycablePresence(() => 'ana'),
      whispers: ['typing'],
      pongs: true,
    }),
    messages: recordedReplies('anycable'),
    answer: ({ command, identifier }: Fields) =>
      command === 'presence'
        ? { type: 'presence', identifier, message: { type: 'info', total: 0 } }
        : { type: 'confirm_history', identifier },
  },
}
