import { describe, expect, it } from 'vitest'
import type { TransportFactory } from 'wirefold/dialects'
import { outcomeOf, scripted } from '../support/scripted.ts'

const BIG_MS = 30_000

/** A server whose reply to `big` takes half a minute, and delays all later ones. */
async function withBigReply() {
  const parts = scripted({ answer: (type) => type }, { requestTimeoutMs: 600_000 })
  const { clock, server, client } = parts
  const { transport } = server
  const open = transport.open.bind(transport)
  transport.open = (...how) => {
    const socket = open(...how)
    const far = transport.last
    const { onMessage } = far
    let busyUntil = 0
    far.onMessage = (data) => {
      if (data.includes('"big"')) busyUntil = clock.now() + BIG_MS
      clock.after(busyUntil - clock.now(), () => onMessage?.(data))
    }
    return socket
  }
  await Promise.all([client.connect(), clock.advance(100)])
  return parts
}

describe('a client whose backend does not announce large messages', () => {
  it('waits longer with each connection that times out while a reply is pending', async () => {
    const { clock, server, client } = await withBigReply()
    const outcome = outcomeOf(client.request('big'))
    await clock.advance(120_000)
    expect(outcome).toEqual({ value: 'big' })
    expect(server.transport.ends.length).toBeLessThanOrEqual(4)
  })

  it('detects a frozen connection within 10 s again once all replies have arrived', async () => {
    const { clock, server, client } = await withBigReply()
    const outcome = outcomeOf(client.request('big'))
    await clock.advance(120_000)
    expect(outcome).toEqual({ value: 'big' })
    const links = server.transport.ends.length
    server.transport.last.frozen = true
    client.request('small').catch(() => {})
    await clock.advance(10_000)
    expect(server.transport.ends).toHaveLength(links + 1)
  })

  it('detects two frozen connections in a row, within 10 s each', async () => {
    const { clock, server, client } = scripted({ answer: () => undefined })
    await Promise.all([client.connect(), clock.advance(100)])
    for (const links of [2, 3]) {
      client.request('slow', undefined, { timeoutMs: 600_000 }).catch(() => {})
      server.transport.last.frozen = true
      await clock.advance(11_000)
      expect(server.transport.ends).toHaveLength(links)
    }
  })
})

describe('a client whose data leaves slowly', () => {
  it('does not reconnect while its buffer shrinks, and does within 10 s when that stops', async () => {
    const { clock, server, client, buffer } = buffering()
    await Promise.all([client.connect(), clock.advance(100)])
    // The ping waits behind 1.2 MB, which leave at 40 kB/s.
    buffer.bytes = 1_200_000
    server.transport.last.onMessage = () => {}
    for (let n = 0; n < 30; n++) {
      client.request('a').catch(() => {})
      buffer.bytes -= 40_000
      await clock.advance(1_000)
    }
    expect(server.transport.ends).toHaveLength(1)
    await clock.advance(10_000)
    expect(server.transport.ends).toHaveLength(2)
  })
})

/** A client whose transport reports its buffered bytes. */
function buffering() {
  const buffer = { bytes: 0 }
  const parts = scripted({ answer: () => undefined })
  const inner = parts.server.transport
  const open: TransportFactory['open'] = inner.open.bind(inner)
  inner.open = (...how) => {
    const socket = open(...how)
    return {
      get bufferedAmount() {
        return buffer.bytes
      },
      send: (data) => socket.send(data),
      close: (code, reason) => socket.close(code, reason),
    }
  }
  return { ...parts, buffer }
}

describe('a large message in parts', () => {
  it('is delivered once its last part arrives, and delays no other message', async () => {
    const { clock, server, client } = scripted()
    await Promise.all([client.connect(), clock.advance(100)])
    const [large, small] = [outcomeOf(client.request('large')), outcomeOf(client.request('small'))]
    await clock.advance(10)
    const [one, other] = server.messages.slice(-2).map(({ requestId }) => requestId)
    const text = JSON.stringify({ type: 'reply', requestId: one, payload: 'a large one' })
    server.send({ type: 'part', payload: { text: text.slice(0, 20), more: true } })
    server.send({ type: 'receiving' })
    server.send({ type: 'reply', requestId: other, payload: 'a small one' })
    await clock.advance(10)
    expect([large, small]).toEqual([{}, { value: 'a small one' }])
    server.send({ type: 'part', payload: { text: text.slice(20) } })
    await clock.advance(10)
    expect(large).toEqual({ value: 'a large one' })
  })

  it('that never ends is an error, and is not stored', async () => {
    const { clock, server, client, errors } = scripted()
    await Promise.all([client.connect(), clock.advance(100)])
    const text = 'x'.repeat(1024 * 1024)
    for (let n = 0; n < 12; n++) server.send({ type: 'part', payload: { text, more: true } })
    await clock.advance(10)
    expect(errors).toHaveLength(2)
    expect(errors[0]).toMatchObject({ code: 'bad-frame' })
    expect(client.state.get().name).toBe('open')
  })

  it('of a lost connection is not continued on the next one', async () => {
    const { clock, server, client, errors } = scripted({ answer: (type) => type })
    await Promise.all([client.connect(), clock.advance(100)])
    server.send({ type: 'part', payload: { text: '{"type":', more: true } })
    await clock.advance(10)
    server.drop()
    await clock.advance(2_000)
    const outcome = outcomeOf(client.request('a'))
    await clock.advance(10)
    server.send({ type: 'part', payload: { text: '{"type":"receiving"}' } })
    await clock.advance(10)
    expect([outcome, errors]).toEqual([{ value: 'a' }, []])
  })
})
