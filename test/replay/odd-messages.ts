import type { OddFrame } from './odd-samples.ts'
import { document, envelope } from './odd-samples.ts'

/** Messages without a context of a process, which the dialect does not deliver. */
export const oddMessages: readonly OddFrame[] = [
  // Not an object.
  { name: 'nothing at all', wire: undefined, notice: 'malformed' },
  { name: 'null', wire: null, notice: 'malformed' },
  { name: 'a string', wire: 'DocumentContext', notice: 'malformed' },
  { name: 'an empty string', wire: '', notice: 'malformed' },
  { name: 'a number', wire: 42, notice: 'malformed' },
  { name: 'NaN', wire: Number.NaN, notice: 'malformed' },
  { name: 'true', wire: true, notice: 'malformed' },
  { name: 'an empty array', wire: [], notice: 'malformed' },
  { name: 'an array of envelopes', wire: [envelope(document)], notice: 'malformed' },

  // An object without an event.
  { name: 'an empty object', wire: {}, notice: 'ignored' },
  { name: 'a null event', wire: { timestamp: 1, event: null }, notice: 'ignored' },
  { name: 'an event that is a string', wire: { event: 'DocumentContext' }, notice: 'ignored' },
  { name: 'an event that is an array', wire: { event: [document] }, notice: 'ignored' },
  {
    name: 'the older style process_state',
    wire: { type: 'process_state', process: { _id: { $oid: 'p' }, status: 'Active', progress: 1 } },
    notice: 'ignored',
  },
  {
    name: 'the older style documents_delta',
    wire: { type: 'documents_delta', documents: [{ path: '/a.txt', status: 'Active' }] },
    notice: 'ignored',
  },

  // An event without a context.
  { name: 'no context', wire: envelope(undefined), notice: 'malformed' },
  { name: 'a null context', wire: envelope(null), notice: 'malformed' },
  { name: 'a context that is a string', wire: envelope('DocumentContext'), notice: 'malformed' },
  { name: 'a context that is an array', wire: envelope([document]), notice: 'malformed' },
  { name: 'no kind', wire: envelope({ ...document, kind: undefined }), notice: 'malformed' },
  {
    name: 'a kind that is a number',
    wire: envelope({ ...document, kind: 9 }),
    notice: 'malformed',
  },
  {
    name: 'a kind that is an array of a kind',
    wire: envelope({ ...document, kind: ['DocumentContext'] }),
    notice: 'malformed',
  },
  {
    name: 'no process',
    wire: envelope(document, { process_id: undefined }),
    notice: 'malformed',
  },
]
