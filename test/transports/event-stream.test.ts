import { fc, test } from '@fast-check/vitest'
import { describe, expect, it } from 'vitest'
import { EventStream } from '../../src/transports/event-stream.ts'

/** Reads chunks; returns the calls of the sink. */
function read(chunks: readonly (string | Uint8Array)[], lastEventId = ''): readonly unknown[] {
  const found: unknown[] = []
  const stream = new EventStream(
    {
      id() {},
      event: ({ type, data, lastEventId: id }) => found.push(id ? [type, data, id] : [type, data]),
      retry: (ms) => found.push(ms),
    },
    lastEventId,
  )
  for (const chunk of chunks) {
    stream.push(typeof chunk === 'string' ? new TextEncoder().encode(chunk) : chunk)
  }
  return found
}

describe('an event stream', () => {
  it.each<[string, string, unknown[]]>([
    ['an event', 'data: one\n\n', [['message', 'one']]],
    ['a named event', 'event: said\ndata: one\n\n', [['said', 'one']]],
    [
      'a name that ends with its event',
      'event: a\ndata: 1\n\ndata: 2\n\n',
      [
        ['a', '1'],
        ['message', '2'],
      ],
    ],
    [
      'the first space only',
      'data:  two\n\ndata:none\n\n',
      [
        ['message', ' two'],
        ['message', 'none'],
      ],
    ],
    ['several lines of data', 'data: a\ndata\ndata:\ndata: b\n\n', [['message', 'a\n\n\nb']]],
    ['data without a colon', 'data\n\n', [['message', '']]],
    ['empty data', 'data:\n\n', [['message', '']]],
    ['no event without data', 'event: x\nid: 1\n\ndata: y\n\n', [['message', 'y', '1']]],
    ['comments', ': keep-alive\n\n:\n\ndata: x\n:\ndata: y\n\n', [['message', 'x\ny']]],
    ['unknown fields', 'datax: 1\nDATA: 2\n data: 3\ndata: 4\n\n', [['message', '4']]],
    [
      'CR',
      'data: a\r\rdata: b\r\r',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    [
      'CRLF',
      'data: a\r\n\r\ndata: b\r\n\r\n',
      [
        ['message', 'a'],
        ['message', 'b'],
      ],
    ],
    [
      'all line ends',
      'data: a\rdata: b\ndata: c\r\n\ndata: d\n\r',
      [
        ['message', 'a\nb\nc'],
        ['message', 'd'],
      ],
    ],
    ['one byte order mark', '\uFEFFdata: \uFEFFx\n\n', [['message', '\uFEFFx']]],
    ['no second one', '\uFEFF\uFEFFdata: x\n\n', []],
    [
      'separators of lines that are none',
      'data: a\u2028b\u0085c\v\n\n',
      [['message', 'a\u2028b\u0085c\v']],
    ],
    [
      'ids that stay',
      'id: 1\ndata: a\n\ndata: b\n\nid\ndata: c\n\n',
      [
        ['message', 'a', '1'],
        ['message', 'b', '1'],
        ['message', 'c'],
      ],
    ],
    ['no id with NUL', 'id: 1\nid: 2\0\ndata: a\n\n', [['message', 'a', '1']]],
    [
      'no id of over 1,024 characters',
      `id: 1\nid: ${'2'.repeat(1_025)}\ndata: a\n\n`,
      [['message', 'a', '1']],
    ],
    ['times to reconnect', 'retry: 10\nretry: 1.5\nretry: -1\nretry:\nretry: 7\n\n', [10, 7]],
    ['no unfinished event', 'data: a\n\ndata: b\n', [['message', 'a']]],
  ])('reads %s', (_, text, expected) => {
    expect(read([text])).toEqual(expected)
  })

  it('begins with the id of the stream before', () => {
    expect(read(['data: a\n\n'], '7')).toEqual([['message', 'a', '7']])
  })

  const piece = fc.constantFrom(
    ...[
      'data: é🜁',
      'data',
      ':',
      'id: 1',
      'event: x',
      'retry: 1',
      '\r',
      '\n',
      '\r\n',
      '\n\n',
      '\uFEFF',
    ],
  )
  test.prop([fc.array(piece), fc.array(fc.nat(60))])(
    'reads the same, however it is cut into chunks',
    (pieces, cuts) => {
      const bytes = new TextEncoder().encode(pieces.join(''))
      const ends = [...new Set(cuts)].sort((a, b) => a - b)
      const chunks = [...ends, bytes.length].map((end, at) => bytes.slice(ends[at - 1] ?? 0, end))
      expect(read(chunks)).toEqual(read([bytes]))
    },
  )

  const LONGEST = 4 * 1024 * 1024
  it.each([
    ['line', ['data: ', ...Array<string>(100).fill('x'.repeat(2 ** 16)), '\n\n']],
    ['comment', [':', ...Array<string>(100).fill('x'.repeat(2 ** 16)), '\ndata: end\n\n']],
    ['event', [...Array<string>(100).fill(`data: ${'x'.repeat(2 ** 16)}\n`), '\n']],
  ])(
    'keeps a bounded part of an endless %s, which the codec refuses if it is data',
    (kind, chunks) => {
      const [event] = read(chunks) as [[string, string]]
      if (kind === 'comment') expect(event[1]).toBe('end')
      else {
        expect(event[1].length).toBeGreaterThan(LONGEST)
        expect(event[1].length).toBeLessThan(LONGEST + 2 ** 17)
      }
    },
  )
})
