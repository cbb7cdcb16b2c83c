import { fc } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { placeAfter } from '../../examples/document-page/model/cursors.ts'
import { edited } from '../../examples/document-page/model/edited.ts'
import { Paragraphs } from '../../examples/document-page/server/paragraphs.ts'
import type { Change, Paragraph } from '../../examples/document-page/shared.ts'

const ID = '2'

/** A panel that shows one paragraph, and sends its edits when the test wants it. */
class Panel {
  readonly #by: string
  readonly #server: Paragraphs
  /** Edits that the server does not have yet. */
  readonly #queue: Change[] = []
  #own = 0
  #shown: Paragraph

  constructor(server: Paragraphs, by: string) {
    this.#server = server
    this.#by = by
    this.#shown = paragraphOf(server)
  }

  get text(): string {
    return this.#shown.text
  }

  /** Replaces letters, as by typing over a selection. */
  replace(from: number, removed: number, added: string): void {
    const text = this.text.slice(0, from) + added + this.text.slice(from + removed)
    const changes = edited(this.#shown, text)
    this.#shown = { ...this.#shown, ...changes }
    this.#own += 1
    const { before, edit } = changes
    this.#queue.push({ before, text, seen: edit.number, own: this.#own })
  }

  /** Sends the oldest edit, if there is one. */
  send(): void {
    const change = this.#queue.shift()
    if (change) this.#server.edit({ ...change, id: ID }, this.#by)
  }

  /** Shows what the server has; while own edits are on their way, they hide it. */
  receive(): void {
    if (this.#queue.length === 0) this.#shown = paragraphOf(this.#server)
  }

  /** Sends all edits, and receives what the server has. */
  connect(): void {
    while (this.#queue.length > 0) this.send()
    this.receive()
  }
}

function paragraphOf(server: Paragraphs): Paragraph {
  const found = server.all.find(({ id }) => id === ID)
  if (!found) throw new Error(`There is no paragraph ${ID}.`)
  return found
}

function opened() {
  const server = new Paragraphs()
  return { server, ada: new Panel(server, 'ada'), grace: new Panel(server, 'grace') }
}

const place = fc.double({ min: 0, max: 1, noNaN: true })
const step = fc.record({
  who: fc.constantFrom('ada' as const, 'grace' as const),
  does: fc.constantFrom('write', 'write', 'remove', 'send', 'receive', 'connect'),
  at: place,
  length: fc.integer({ min: 1, max: 5 }),
})

describe('the paragraphs of the document', () => {
  it('keep what two people write at one place without a connection, word by word', () => {
    const { ada, grace } = opened()
    const { text, length } = { text: ada.text, length: ada.text.length }
    for (const [at, sign] of [...' Yours, Ada.'].entries()) ada.replace(length + at, 0, sign)
    for (const [at, sign] of [...' Yours, Grace.'].entries()) grace.replace(length + at, 0, sign)
    grace.connect()
    ada.connect()
    grace.receive()
    expect(ada.text).toBe(`${text} Yours, Ada. Yours, Grace.`)
    expect(grace.text).toBe(ada.text)
  })

  it('keep every letter that was written and not removed, and are equal in both panels, however edits cross', () => {
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { server, ada, grace } = opened()
        const panels = { ada, grace }
        const removed = new Set<string>()
        // Each letter is another, so that it can be found.
        const first = [...ada.text].map((_, at) => String.fromCodePoint(0x4e00 + at)).join('')
        ada.replace(0, ada.text.length, first)
        ada.connect()
        grace.connect()
        const written = new Set(first)
        for (const { who, does, at, length } of steps) {
          const panel = panels[who]
          const from = Math.floor(at * panel.text.length)
          if (does === 'send' || does === 'receive' || does === 'connect') panel[does]()
          else if (does === 'remove') {
            for (const sign of panel.text.slice(from, from + length)) removed.add(sign)
            panel.replace(from, length, '')
          } else {
            const sign = String.fromCodePoint(0x4e00 + written.size)
            written.add(sign)
            panel.replace(from, 0, sign)
          }
        }
        for (const panel of [ada, grace, ada]) panel.connect()
        const wanted = [...written].filter((sign) => !removed.has(sign))
        expect([...ada.text].sort()).toEqual(wanted.sort())
        expect(grace.text).toBe(ada.text)
        expect(ada.text).toBe(paragraphOf(server).text)
      }),
    )
  })

  it('refuse an edit of a text that has a refused edit in it, and do not change', () => {
    const { server } = opened()
    const { text } = paragraphOf(server)
    // The server has refused "1", which the panel had written before "2".
    const change = { id: ID, before: `${text}1`, text: `${text}12`, seen: 0, own: 2 }
    expect(() => server.edit(change, 'ada')).toThrow('does not have the text')
    expect([paragraphOf(server).text, server.edits]).toEqual([text, 0])
  })

  it('refuse what is no edit, and a text that is too long', () => {
    const { server } = opened()
    const { text: before } = paragraphOf(server)
    const change = { id: ID, before, text: 'short', seen: 0, own: 1 }
    expect(() => server.edit(undefined, 'ada')).toThrow('no such paragraph')
    expect(() => server.edit({ ...change, own: '1' }, 'ada')).toThrow('numbers')
    expect(() => server.edit({ ...change, before: 1 }, 'ada')).toThrow('text')
    expect(() => server.edit({ ...change, text: 'x'.repeat(2_001) }, 'ada')).toThrow('2000')
    expect(server.edit(change, 'ada')).toMatchObject({ text: 'short', edit: { number: 1, own: 1 } })
  })
})

describe('the cursor of a text that another person edits', () => {
  it.each([
    { before: 'ab|c', after: 'xab|c', name: 'moves on behind an insertion' },
    { before: 'ab|c', after: 'ab|cx', name: 'stays before an insertion' },
    { before: 'ab|c', after: 'b|c', name: 'moves back behind a removal' },
    { before: 'abc|d', after: 'a|d', name: 'is placed where it was removed with its letters' },
    { before: 'Taa|', after: 'Tggaa|', name: 'stays behind the letters of its person' },
  ])('$name', ({ before, after }) => {
    const place = placeAfter(before.replace('|', ''), after.replace('|', ''), before.indexOf('|'))
    expect(place).toBe(after.indexOf('|'))
  })
})
