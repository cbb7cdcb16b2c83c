import { describe, expect, it } from 'vitest'
import type { AuthReason } from 'wirefold'
import { native } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { duui } from 'wirefold/dialects/duui'
import { entity } from 'wirefold/dialects/entity'
import { graphqlSse } from 'wirefold/dialects/graphql-ws'
import { sessions } from 'wirefold/dialects/socketio'
import { streams } from 'wirefold/dialects/streams'
import { topics } from 'wirefold/dialects/topics'
import { dialled } from '../support/dialled.ts'

/** A client of a server that closes every connection with 4401 some time after it opened. */
function refused(dialect: DialectFactory, afterMs: number, welcome?: unknown) {
  const reasons: AuthReason[] = []
  const parts = dialled(dialect, ({ type }, send) => type === 'hello' && send(welcome), {
    auth: (reason) => {
      reasons.push(reason)
      return reason
    },
  })
  const { client, clock, pair, greetings } = parts
  if (welcome && dialect !== native) greetings.push(welcome)
  client.on('failed', () => {})
  client.state.listen(({ name }) => {
    if (name === 'open') clock.after(afterMs, () => pair.last.close(4401, 'expired'))
  })
  return { ...parts, reasons }
}

/** Dialects whose client opens before the server has checked the credentials; with their greetings. */
const early: readonly (readonly [DialectFactory, unknown?])[] = [
  [topics],
  [streams],
  [duui],
  [sessions],
  [graphqlSse()],
  [entity, { type: 'connected', payload: { userId: 'ann' } }],
]
const welcome = { type: 'welcome', payload: { connectionId: 'c' } }

describe('credentials refused on an open connection', () => {
  for (const [dialect, greeting] of early) {
    it(`are requested once more; a second refusal fails the client: ${dialect().name}`, async () => {
      for (const afterMs of [0, 300, 3_000, 9_000]) {
        const { client, clock, pair, reasons } = refused(dialect, afterMs, greeting)
        client.connect().catch(() => {})
        await clock.advance(600_000)
        expect(reasons).toEqual(['connect', 'refused'])
        expect(pair.ends).toHaveLength(2)
        expect(client.state.get()).toMatchObject({
          name: 'failed',
          error: { detail: { closeCode: 4401 } },
        })
      }
    })

    it(`count as accepted if the connection lasts, so that they may expire later: ${dialect().name}`, async () => {
      const { client, clock, reasons } = refused(dialect, 15_000, greeting)
      client.connect().catch(() => {})
      await clock.advance(200_000)
      expect(reasons.length).toBeGreaterThan(4)
      expect(new Set(reasons.slice(1))).toEqual(new Set(['refused']))
      client.close()
    })
  }

  it('count as accepted once the server replied with a welcome, however soon they expire', async () => {
    const { client, clock, reasons } = refused(native, 1_000, welcome)
    client.connect().catch(() => {})
    await clock.advance(60_000)
    expect(reasons.length).toBeGreaterThan(4)
    client.close()
  })
})
