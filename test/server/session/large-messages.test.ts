import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { nativeServer } from 'wirefold/server'
import { ManualClock } from 'wirefold/testing'
import { UploadSigns } from '../../../src/server/session/upload-signs.ts'
import { MessageParts } from '../../../src/server/socket/message-parts.ts'
import { RawClient, serve } from '../raw-client.ts'

const LARGE = 'x'.repeat(50_000)
const PARTS = { parts: true }

/** Takes messages until the last part, and returns the joined text and the number of parts. */
async function joined(
  client: RawClient,
): Promise<{ readonly text: string; readonly count: number }> {
  let text = ''
  for (let count = 1; ; count++) {
    const { payload } = (await client.next('part')) as { payload: { text: string; more?: true } }
    text += payload.text
    if (!payload.more) return { text, count }
  }
}

describe('a large message', () => {
  it('is sent in parts of 8 KiB, each a frame, to a client that reads them', async () => {
    const { server, url } = await serve()
    server.handle('state', () => LARGE)
    const client = await RawClient.greeted(url, PARTS)
    client.send({ type: 'state', requestId: 'r' })
    const { text, count } = await joined(client)
    expect(JSON.parse(text)).toEqual({ type: 'reply', requestId: 'r', payload: LARGE })
    expect(count).toBe(7)
    expect(Math.max(...client.frames.map(({ length }) => length))).toBeLessThan(20_000)
  })

  it('is sent whole to a client that did not request parts', async () => {
    const { server, url } = await serve()
    server.handle('state', () => LARGE)
    const client = await RawClient.greeted(url)
    client.send({ type: 'state', requestId: 'r' })
    expect((await client.next('reply')).payload).toBe(LARGE)
  })

  it('keeps its position among events', async () => {
    const { server, url } = await serve()
    const client = await RawClient.greeted(url, PARTS)
    await client.request({ type: 'subscribe', payload: { channels: ['a'] } })
    await server.publish('a', 'small', 1)
    await server.publish('a', 'large', LARGE)
    await server.publish('a', 'small', 3)
    expect((await client.next('small')).offset).toBe(1)
    expect(JSON.parse((await joined(client)).text)).toMatchObject({ type: 'large', offset: 2 })
    expect((await client.next('small')).offset).toBe(3)
  })

  it('is split once for all its receivers', () => {
    const parts = new MessageParts()
    expect(parts.of(LARGE, nativeServer, 0)).toBe(parts.of(LARGE, nativeServer, 0))
    expect(parts.of('{}', nativeServer, 0)).toEqual(['{}'])
  })

  test.prop([fc.string({ unit: 'binary', minLength: 8_190, maxLength: 20_000 })])(
    'is unchanged after its parts are joined, wherever the text was split',
    (text) => {
      const parts = new MessageParts().of(`${text}${text}`, nativeServer, 0)
      const texts = parts.map((part) => JSON.parse(part).payload.text)
      expect(texts.join('')).toBe(`${text}${text}`)
    },
  )
})

describe('bytes that arrive slowly', () => {
  it('are reported to the client about once a second, from 8 KiB on', async () => {
    const clock = new ManualClock()
    const signs: number[] = []
    const upload = new UploadSigns(clock)
    for (let n = 0; n < 100; n++) {
      if (upload.received(1_000)) signs.push(clock.now())
      await clock.advance(50)
    }
    expect(signs).toEqual([400, 1_400, 2_400, 3_400, 4_400])
    for (let n = 0; n < 50; n++) {
      if (upload.received(100)) signs.push(clock.now())
      await clock.advance(60_000)
    }
    expect(signs).toHaveLength(6)
  })

  it('are not reported to a client without parts', async () => {
    const { server, url } = await serve()
    server.handle('save', () => 'saved')
    for (const hello of [{}, PARTS]) {
      const client = await RawClient.greeted(url, hello)
      client.send({ type: 'save', requestId: 'r', payload: 'x'.repeat(40_000) })
      await client.next('parts' in hello ? 'receiving' : 'reply')
    }
  })
})
