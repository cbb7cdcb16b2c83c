import { describe, expect, it } from 'vitest'
import type { DialectFactory } from 'wirefold/dialects'
import { pusher, withDecryption } from 'wirefold/dialects/pusher'
import { asFields } from '../../../src/protocol/fields.ts'
import { dialled } from '../../support/dialled.ts'

const ROOM = 'private-encrypted-a'
const succeeded = (channel: string) => ({
  event: 'pusher_internal:subscription_succeeded',
  channel,
})

/** A client of a server that does not answer subscribes by itself. */
async function open(dialect: DialectFactory = pusher) {
  const rig = dialled(dialect)
  rig.greetings.push({ event: 'pusher:connection_established', data: '{"socket_id":"1.2"}' })
  void rig.client.connect()
  await rig.clock.advance(0)
  return rig
}

describe('encrypted channels', () => {
  const boxed = (text: string) => ({
    event: 'said',
    channel: ROOM,
    data: JSON.stringify({ nonce: 'n', ciphertext: btoa(text) }),
  })

  it('are decrypted by the function of the application', async () => {
    const calls: unknown[] = []
    const decrypting = withDecryption(pusher, (channel, { nonce, ciphertext }) => {
      calls.push([channel, nonce])
      return atob(String(ciphertext))
    })
    const { channels, deliver, errors } = await open(decrypting)
    const seen: unknown[] = []
    channels.subscribe(ROOM, (payload) => seen.push(payload))
    await deliver(succeeded(ROOM), boxed('{"secret":1}'))
    expect(seen).toEqual([{ secret: 1 }])
    expect(calls).toEqual([[ROOM, 'n']])
    expect(errors).toEqual([])
  })

  it('report an event that cannot be decrypted, and go on', async () => {
    const decrypting = withDecryption(pusher, () => {
      throw new Error('wrong key')
    })
    const { channels, deliver, errors, client } = await open(decrypting)
    channels.subscribe(ROOM, () => {})
    await deliver(succeeded(ROOM), boxed('x'))
    expect(errors).toMatchObject([{ code: 'bad-frame', detail: { reason: 'not decrypted' } }])
    expect(client.state.get().name).toBe('open')
  })

  it('deliver what was encrypted where there is no such function', async () => {
    const { channels, deliver } = await open()
    const seen: unknown[] = []
    channels.subscribe(ROOM, (payload) => seen.push(asFields(payload).nonce))
    await deliver(succeeded(ROOM), boxed('x'))
    expect(seen).toEqual(['n'])
  })

  it.each([
    ['an object', { amount: 1_000 }],
    ['JSON text', '{"amount":1000}'],
    ['plain text', 'pay'],
    ['no data', undefined],
  ])('deliver nothing that is not encrypted: %s', async (_, data) => {
    const { channels, deliver, errors } = await open(withDecryption(pusher, () => '{"open":true}'))
    const seen: unknown[] = []
    channels.subscribe(ROOM, (payload, { type }) => seen.push([type, payload]))
    await deliver(succeeded(ROOM), { event: 'pay', channel: ROOM, data })
    expect(seen).toEqual([])
    expect(errors).toMatchObject([{ code: 'bad-frame', detail: { reason: 'not decrypted' } }])
    await deliver({ event: 'pusher_internal:subscription_count', channel: ROOM, data: '{"n":2}' })
    expect(seen).toEqual([['pusher:subscription_count', { n: 2 }]])
  })

  it('are known by their name: an event of another channel may have a field `ciphertext`', async () => {
    const { channels, deliver, errors } = await open(
      withDecryption(pusher, () => {
        throw new Error('wrong key')
      }),
    )
    const seen: unknown[] = []
    channels.subscribe('news', (payload) => seen.push(payload))
    await deliver(succeeded('news'), { event: 'said', channel: 'news', data: '{"ciphertext":"x"}' })
    expect([seen, errors]).toEqual([[{ ciphertext: 'x' }], []])
  })
})
