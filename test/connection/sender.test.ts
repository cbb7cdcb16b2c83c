import { describe, expect, it } from 'vitest'
import { Sender } from '../../src/connection/sender.ts'
import { settle } from '../../src/testing/index.ts'
import { jsonCodec } from '../../src/wire/json-codec.ts'

function sender(batches = true) {
  const sent: string[] = []
  const one = new Sender({ codec: jsonCodec, batches, send: (data) => sent.push(data) })
  return { sent, sender: one }
}

const sizes = (sent: readonly string[]) =>
  sent.map((frame) => new TextEncoder().encode(frame).length)

describe('a sender', () => {
  it('joins what is said in one turn into one frame', async () => {
    const { sent, sender: one } = sender()
    one.welcomed(undefined)
    one.push(1)
    await settle()
    one.push(2)
    one.push(3)
    await settle()
    expect(sent).toEqual(['1', '[2,3]'])
  })

  it('sends one by one where the backend takes no arrays', async () => {
    const { sent, sender: one } = sender(false)
    one.welcomed(undefined)
    one.push(1)
    one.push(2)
    await settle()
    expect(sent).toEqual(['1', '2'])
  })

  it('sends one frame of at most 16 KiB before the welcome, and the rest after it', async () => {
    const { sent, sender: one } = sender()
    one.push('hello')
    for (let n = 0; n < 30; n++) one.push('x'.repeat(1_000))
    one.flush()
    one.push('later')
    await settle()
    expect(sent).toHaveLength(1)
    expect(sizes(sent)[0]).toBeLessThanOrEqual(16 * 1024)
    one.welcomed(8_000)
    await settle()
    expect(Math.max(...sizes(sent.slice(1)))).toBeLessThanOrEqual(8_000)
    const all = sent.flatMap((frame): unknown[] => JSON.parse(frame))
    expect(all).toHaveLength(32)
    expect([all[0], all.at(-1)]).toEqual(['hello', 'later'])
  })

  it('refuses a single message over the limit, counted in bytes, and sends the others', async () => {
    const { sent, sender: one } = sender()
    one.welcomed(1_000)
    one.push('before')
    expect(() => one.push('ä'.repeat(600))).toThrow(
      expect.objectContaining({ code: 'too-large', detail: { bytes: 1_202, limit: 1_000 } }),
    )
    one.push('x'.repeat(900))
    await settle()
    expect(sent.join()).toContain('before')
    expect(sent.join()).toContain('xxx')
  })

  it('sends nothing after its end', async () => {
    const { sent, sender: one } = sender()
    one.push(1)
    one.end()
    one.welcomed(undefined)
    await settle()
    expect(sent).toEqual([])
  })
})
