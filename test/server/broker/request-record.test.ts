import { describe, expect, it } from 'vitest'
import { refusal } from '../../../src/server/access/refusals.ts'
import {
  publishedRecord,
  recordOf,
  refused,
  replied,
  resultOf,
} from '../../../src/server/broker/request-record.ts'

describe('a record', () => {
  it('decodes to the result that was encoded', () => {
    const at = [{ channel: 'a', epoch: 'e', offset: 1 }]
    for (const outcome of [
      replied(undefined),
      replied(null),
      replied({ refused: [1, 'x'] }, at),
      refused(refusal('forbidden', 'a')),
      refused({ ...refusal('conflict'), details: { x: 1 }, retryAfterMs: 5 }),
    ]) {
      expect(resultOf(recordOf(outcome))).toEqual(outcome)
    }
  })

  it('does not depend on a dialect, and omits results without a position', () => {
    const at = { channel: 'a', epoch: 'e', offset: 1 }
    expect(recordOf(replied(1))).toBe('{"payload":1}')
    expect(publishedRecord(at)).toBe('{"at":[{"channel":"a","epoch":"e","offset":1}]}')
    expect(publishedRecord({ ...at, epoch: '', offset: 0 })).toBe('{}')
  })

  it('cannot be made of a payload that is not JSON', () => {
    expect(() => recordOf(replied(1n))).toThrow(TypeError)
  })
})
