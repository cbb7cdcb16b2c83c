import { describe, expect, it } from 'vitest'
import { jsonCodec } from 'wirefold/dialects'
import { ManualClock, settle } from 'wirefold/testing'
import { Sender } from '../../src/connection/sender.ts'

function sender(batches = true) {
  const sent: string[] = []
  const clock = new ManualClock()
  const network = { bufferedAmount: 0, send: (data: string) => void sent.push(data) }
  const one = new Sender({ clock, codec: jsonCodec }, batches, network)
  const push = (wire: unknown, awaited = awaiting()) =>
    one.push([{ wire, keys: [] }], () => awaited)
  return { sent, clock, network, sender: one, push }
}

/** Returns the record of a message; `left` is called when that is sent. */
function awaiting(left = () => {}) {
  return { keys: [], cancelled: false, leftAt: undefined, left, answered: () => {} }
}

const sizes = (sent: readonly string[]) =>
  sent.map((frame) => new TextEncoder().encode(frame).length)

describe('a sender', () => {
  it('joins messages of one task into one frame', async () => {
    const { sent, sender: one, push } = sender()
    one.welcomed()
    push(1)
    await settle()
    push(2)
    push(3)
    await settle()
    expect(sent).toEqual(['1', '[2,3]'])
  })

  it('sends messages one by one if the backend accepts no arrays', async () => {
    const { sent, sender: one, push } = sender(false)
    one.welcomed()
    push(1)
    push(2)
    await settle()
    expect(sent).toEqual(['1', '2'])
  })

  it('sends one frame of at most 16 KiB before the welcome, and the rest after it', async () => {
    const { sent, sender: one, push } = sender()
    push('hello')
    for (let n = 0; n < 30; n++) push('x'.repeat(1_000))
    one.flush()
    push('later')
    await settle()
    expect(sent).toHaveLength(1)
    expect(sizes(sent)[0]).toBeLessThanOrEqual(16 * 1024)
    one.welcomed({ frameBytes: 8_000 })
    await settle()
    expect(Math.max(...sizes(sent.slice(1)))).toBeLessThanOrEqual(8_000)
    const all = sent.flatMap((frame): unknown[] => JSON.parse(frame))
    expect(all).toHaveLength(32)
    expect([all[0], all.at(-1)]).toEqual(['hello', 'later'])
  })

  it('refuses a message that exceeds the limit in bytes, and sends the others', async () => {
    const { sent, sender: one, push } = sender()
    one.welcomed({ frameBytes: 1_000 })
    push('before')
    expect(() => push('ä'.repeat(600))).toThrow(
      expect.objectContaining({ code: 'too-large', detail: { bytes: 1_202, limit: 1_000 } }),
    )
    push('x'.repeat(900))
    await settle()
    expect(sent.join()).toContain('before')
    expect(sent.join()).toContain('xxx')
  })

  it('sends none of several messages of which one is too large', async () => {
    const { sent, sender: one } = sender()
    one.welcomed({ frameBytes: 1_000 })
    const both = ['small', 'x'.repeat(2_000)].map((wire) => ({ wire, keys: [] }))
    expect(() => one.push(both)).toThrow(expect.objectContaining({ code: 'too-large' }))
    await settle()
    expect(sent).toEqual([])
  })

  it('sends nothing after end()', async () => {
    const { sent, sender: one, push } = sender()
    push(1)
    one.end()
    one.welcomed()
    await settle()
    expect(sent).toEqual([])
  })

  it("limits its rate to the server's, with a burst of one second's worth", async () => {
    const { sent, clock, sender: one, push } = sender()
    one.welcomed({ messagesPerSecond: 10 })
    for (let n = 0; n < 50; n++) push(n)
    const messages = () => sent.flatMap((frame): unknown[] => [JSON.parse(frame)].flat()).length
    await settle()
    expect(messages()).toBe(10)
    await clock.advance(1_000)
    expect(messages()).toBe(20)
    await clock.advance(3_000)
    expect(messages()).toBe(50)
    await clock.advance(10_000)
    for (let n = 0; n < 50; n++) push(n)
    await settle()
    expect(messages()).toBe(60)
  })

  it('counts urgent messages, which are sent at once, toward the rate', async () => {
    const { sent, clock, sender: one, push } = sender()
    one.welcomed({ messagesPerSecond: 2 })
    one.urgent('ping')
    one.urgent('ping')
    push(1)
    await clock.advance(499)
    expect(sent).toEqual(['"ping"', '"ping"'])
    await clock.advance(1)
    expect(sent).toEqual(['"ping"', '"ping"', '1'])
  })

  it('waits while the buffer of the network is full', async () => {
    const { sent, clock, network, sender: one, push } = sender()
    one.welcomed()
    network.bufferedAmount = 2_000_000
    push('later')
    await clock.advance(5_000)
    expect(sent).toEqual([])
    network.bufferedAmount = 0
    await clock.advance(50)
    expect(sent).toEqual(['"later"'])
  })

  it('sends an urgent message before all queued ones', async () => {
    const { sent, sender: one, push } = sender()
    one.welcomed({ messagesPerSecond: 1 })
    for (let n = 0; n < 5; n++) push(n)
    await settle()
    one.urgent('ping')
    expect(sent).toEqual(['[0,1]', '"ping"'])
  })

  it('calls left() when a message is sent, and skips cancelled messages', async () => {
    const { sent, clock, sender: one, push } = sender()
    const left: string[] = []
    const ticket = (name: string) => awaiting(() => void left.push(name))
    one.welcomed({ messagesPerSecond: 2 })
    const c = { ...ticket('c'), cancelled: false }
    push('a', ticket('a'))
    push('b', ticket('b'))
    push('c', c)
    push('d', ticket('d'))
    await settle()
    expect(left).toEqual(['a', 'b'])
    c.cancelled = true
    await clock.advance(1_000)
    expect(left).toEqual(['a', 'b', 'd'])
    expect(sent).toEqual(['["a","b"]', '"d"'])
  })
})
