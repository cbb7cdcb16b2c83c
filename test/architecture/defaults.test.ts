import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import {
  backoffDefaults,
  channelDefaults,
  clientDefaults,
  eventsDefaults,
  listDefaults,
  optimisticDefaults,
  pollingDefaults,
  presenceDefaults,
} from 'wirefold'
import {
  historyDefaults,
  presenceLimitDefaults,
  presenceTrackerDefaults,
  replyDefaults,
} from 'wirefold/server'
import { redisDefaults } from 'wirefold/server/redis'
import { presenceDefaults as serverPresence } from '../../src/server/presence/presence-options.ts'
import { eventSourceDefaults } from '../../src/transports/event-source.ts'
import { graphqlSseDefaults } from '../../src/transports/graphql-sse.ts'
import { longPollingDefaults } from '../../src/transports/long-polling.ts'
import { sseDefaults } from '../../src/transports/sse.ts'

/** Returns the `@default` text of every member in a file, by the member's name. */
function documented(file: string): Map<string, string> {
  const text = readFileSync(file, 'utf8')
  const found = text.matchAll(/@default (.+)\n\s*\*\/\n\s*readonly (\w+)\??:/g)
  return new Map([...found].map(([, value = '', name = '']) => [name, value]))
}

/** Parses a documented default that is a literal. */
function literal(text: string): unknown {
  if (text === 'Number.POSITIVE_INFINITY') return Number.POSITIVE_INFINITY
  if (text === '{}') return {}
  if (/^'.*'$/.test(text)) return text.slice(1, -1)
  return Number(text.replaceAll('_', ''))
}

const { prefix, strategy, timeoutMs } = redisDefaults

const groups: [string, Record<string, unknown>][] = [
  ['src/server/broker/history-limits.ts', { ...historyDefaults }],
  ['src/server/broker/presence-limits.ts', { ...presenceLimitDefaults }],
  ['src/server/broker/reply-limits.ts', { ...replyDefaults }],
  ['src/base/backoff.ts', { ...backoffDefaults }],
  ['src/channels/channel-subscriber.ts', { ...channelDefaults }],
  ['src/channels/channel-events.ts', { ...eventsDefaults }],
  ['src/channels/polling.ts', { ...pollingDefaults }],
  ['src/client/options.ts', { ...clientDefaults }],
  ['src/optimistic/bind-list.ts', { ...listDefaults }],
  ['src/optimistic/optimistic-options.ts', { ...optimisticDefaults }],
  ['src/presence/presence-manager.ts', { ...presenceDefaults }],
  ['src/transports/event-source.ts', { ...eventSourceDefaults }],
  ['src/transports/graphql-sse.ts', { ...graphqlSseDefaults }],
  ['src/transports/long-polling.ts', { ...longPollingDefaults }],
  ['src/transports/sse.ts', { ...sseDefaults }],
  ['src/server/presence/presence-options.ts', { ...serverPresence }],
  ['src/server/presence/presence-tracker.ts', { ...presenceTrackerDefaults }],
  ['src/server/redis/batches/options.ts', { prefix, strategy, timeoutMs }],
]

describe('documented defaults', () => {
  for (const [file, constants] of groups) {
    it(`of ${file} are the constants`, () => {
      const docs = documented(file)
      for (const [name, value] of Object.entries(constants)) {
        const text = docs.get(name) ?? '(nothing)'
        if (typeof value === 'function' || name === 'codec' || name === 'clock') {
          expect(['native', 'jsonCodec', 'systemClock', 'Math.random'], name).toContain(text)
        } else expect(literal(text), name).toEqual(value)
      }
    })
  }
})
