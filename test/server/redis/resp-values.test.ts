import { describe, expect, it } from 'vitest'
import { readEvent, writeEvent } from '../../../src/server/redis/channels/event-codec.ts'
import { entriesOf, streamsOf } from '../../../src/server/redis/connection/resp-values.ts'
import { isPassing, unavailable } from '../../../src/server/redis/connection/unavailable.ts'
import { event } from '../../support/broker.ts'

describe('Redis replies', () => {
  const entries = [['1-1', ['at', '5', 'head', '{}']]]
  const read = new Map([
    ['k', [{ id: '1-1', fields: new Map(Object.entries({ at: '5', head: '{}' })) }]],
  ])

  it('are parsed from every form that client libraries return', () => {
    expect(streamsOf([['k', entries]])).toEqual(read)
    expect(streamsOf(['k', entries])).toEqual(read)
    expect(streamsOf(new Map([['k', entries]]))).toEqual(read)
    expect(streamsOf({ k: entries })).toEqual(read)
    for (const nothing of [null, undefined, [], {}, new Map()]) {
      expect(streamsOf(nothing)).toEqual(new Map())
    }
    expect(entriesOf(null)).toEqual([])
  })

  it('with foreign entries are not decoded as events', () => {
    for (const head of ['', '{', '[]', '{"source":1,"type":"n"}', '{"source":"a"}']) {
      expect(readEvent({ head, json: '1' })).toBe(undefined)
    }
    expect(readEvent(writeEvent(event(3)))).toEqual(event(3))
  })

  it('are classified as retryable or not', () => {
    for (const passing of [
      'LOADING Redis is loading the dataset in memory',
      'READONLY You can’t write against a read only replica.',
      'Socket closed unexpectedly',
      'connect ECONNREFUSED 127.0.0.1:6379',
      'Connection is closed.',
    ]) {
      expect([passing, isPassing(new Error(passing))]).toEqual([passing, true])
    }
    for (const lasting of [
      'OOM command not allowed',
      'WRONGTYPE Operation',
      'ERR unknown',
      'NOPERM no',
    ]) {
      expect([lasting, isPassing(new Error(lasting))]).toEqual([lasting, false])
    }
    expect(isPassing(unavailable())).toBe(false)
  })
})
