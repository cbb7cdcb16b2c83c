import type { MalformedCase } from './malformed-case.ts'
import { badFrame, nothing } from './malformed-case.ts'

const nested = (levels: number, open: string, inner: string, close: string) =>
  `${open.repeat(levels)}${inner}${close.repeat(levels)}`
const event = (payload: string) => `{"type":"x","channel":"wanted","payload":${payload}}`

const notJson: Readonly<Record<string, string>> = {
  nothing: '',
  'a blank': ' ',
  'a NUL': '\u0000',
  'an event with a NUL behind it': `${event('1')}\u0000`,
  'a NUL within a text': event('"a\u0000b"'),
  'a byte order mark': '\ufeff',
  'an event with a byte order mark before it': `\ufeff${event('1')}`,
  'an open brace': '{',
  'a closed brace': '}',
  'an open bracket': '[',
  'a closed bracket': ']',
  'brackets that cross': '{"a":[}]',
  'an open text': '"',
  'a text that ends in a backslash': '"\\',
  'a truncated escape': '"\\u00',
  'a bad escape': '"\\x41"',
  'a truncated event': '{"type":"x","channel":"wan',
  'an event with a comma too many': '{"type":"x","channel":"wanted",}',
  'a list with a comma too many': '[{"type":"ping"},]',
  'a missing item in a list': '[{"type":"ping"},,{"type":"ping"}]',
  'two messages in a row': '{"type":"ping"}{"type":"ping"}',
  'two messages in two lines': '{"type":"ping"}\n{"type":"ping"}',
  'a key without quotes': '{type:"ping"}',
  'single quotes': "{'type':'ping'}",
  'a comment': '{"type":"ping"}// x',
  NaN: 'NaN',
  Infinity: 'Infinity',
  '-Infinity within an event': event('-Infinity'),
  undefined: 'undefined',
  'NaN within an event': event('NaN'),
  'a number with a leading zero': event('01'),
  'a hexadecimal number': event('0x10'),
  'a number with a plus': event('+1'),
  'a number that ends in a dot': event('1.'),
  'a line break within a text': event('"\n"'),
  HTML: '<html><body>502 Bad Gateway</body></html>',
  XML: '<?xml version="1.0"?><a/>',
  'a frame of Engine.IO': '42["event",{}]',
  'a frame of STOMP': 'MESSAGE\ndestination:/a\n\nx\u0000',
  'an expression': '(()=>{throw 1})()',
  'a replacement character': '\ufffd\ufffd',
  'a lone surrogate outside of a text': '\ud800',
  'an open text of 1 MiB': `"${'x'.repeat(2 ** 20)}`,
  '1 MiB of backslashes in a text': `"${'\\'.repeat(2 ** 20 + 1)}"`,
}

const tooDeep: Readonly<Record<string, string>> = {
  '10,000 lists': nested(10_000, '[', '', ']'),
  '100,000 lists': nested(100_000, '[', '', ']'),
  '10,000 objects': nested(10_000, '{"a":', '1', '}'),
  '100,000 objects': nested(100_000, '{"a":', '1', '}'),
  '10,000 of both': nested(5_000, '{"a":[', '', ']}'),
  '100,000 of both': nested(50_000, '[{"a":', '1', '}]'),
  '100,000 lists never closed': '['.repeat(100_000),
  '100,000 objects never closed': '{"a":'.repeat(100_000),
  '2,000,000 lists never closed': '['.repeat(2_000_000),
  '100,000 __proto__ objects': nested(100_000, '{"__proto__":', '1', '}'),
  'an event with a payload of 10,000 lists': event(nested(10_000, '[', '', ']')),
  'an event with a payload of 64 lists': event(nested(64, '[', '', ']')),
  'lists behind a text with a quote': event(`["\\"",${nested(10_000, '[', '', ']')}]`),
  'lists behind closed ones': `[${'[],'.repeat(100)}${nested(10_000, '[', '', ']')}]`,
}

/** JSON values that are not messages. */
const notMessages: Readonly<Record<string, string>> = {
  null: 'null',
  true: 'true',
  'a number': '0',
  'a number beyond all numbers': '1e999',
  'an empty text': '""',
  'the text __proto__': '"__proto__"',
  'a text of 1 MiB': `"${'x'.repeat(2 ** 20)}"`,
  'a text of lone surrogates': '"\\ud800\\udfff"',
  'an empty object': '{}',
  'an object of 100,000 keys': `{${Array.from({ length: 100_000 }, (_, n) => `"k${n}":0`)}}`,
  'an unknown type': '{"type":"nonsense"}',
  'the type __proto__': '{"type":"__proto__"}',
  'the type constructor': '{"type":"constructor"}',
  'a type of 1 MiB': `{"type":"${'x'.repeat(2 ** 20)}"}`,
  'an empty type': '{"type":""}',
  'a message of a client': '{"type":"hello","payload":{}}',
}

const buffer = new TextEncoder().encode('{"type":"ping"}')
const notText: Readonly<Record<string, unknown>> = {
  'an ArrayBuffer': buffer.buffer,
  'an empty ArrayBuffer': new ArrayBuffer(0),
  'a Uint8Array': buffer,
  'a Node buffer': Buffer.from(buffer),
  'a list of buffers': [Buffer.from(buffer)],
  'a Blob': new Blob([buffer]),
  undefined,
  null: null,
  'a number': 7,
  NaN,
  'a bigint': 7n,
  true: true,
  'a symbol': Symbol('ping'),
  'a function': () => '{"type":"ping"}',
  'an object': { type: 'ping' },
  'an object that reads as text': { toString: () => '{"type":"ping"}' },
  'a String object': Object('{"type":"ping"}'),
  'a throwing object': {
    get length(): number {
      throw new Error('length')
    },
    toString(): string {
      throw new Error('toString')
    },
  },
}

const cases = (of: string, frames: Readonly<Record<string, unknown>>): MalformedCase[] =>
  Object.entries(frames).map(([name, frame]) => ({
    name: `${of}: ${name}`,
    frames: [frame],
    effect: badFrame,
  }))

/** Frames that are not messages, for any moment of a connection. */
export const texts: readonly MalformedCase[] = [
  ...cases('no JSON', notJson),
  ...cases('too deep', tooDeep),
  ...cases('no message', notMessages),
  ...cases('no text', notText),
  {
    name: 'too large: an event of 4 MiB and one character',
    frames: [event(`"${'x'.repeat(4 * 2 ** 20 + 1 - event('""').length)}"`)],
    effect: badFrame,
  },
  {
    name: 'too large: an event of 8 MiB',
    frames: [event(`"${'x'.repeat(8 * 2 ** 20)}"`)],
    effect: badFrame,
  },
  { name: 'an empty list', frames: ['[]'], effect: nothing },
]

/** The largest and deepest valid frames, and frames that only look deep. */
export const justFine: readonly MalformedCase[] = [
  ['an event of 4 MiB', event(`"${'x'.repeat(4 * 2 ** 20 - event('""').length)}"`)],
  ['an event of 1 MiB', event(`"${'x'.repeat(2 ** 20)}"`)],
  ['a payload of 63 lists', event(nested(63, '[', '', ']'))],
  ['a payload of 100,000 brackets in a text', event(`"${'['.repeat(100_000)}"`)],
  ['a payload of brackets behind an escaped quote', event(`"\\"${'[{'.repeat(10_000)}"`)],
  ['a payload of 100,000 lists side by side', event(`[${'[],'.repeat(100_000)}0]`)],
  ['a payload of lone surrogates', event('"\\ud800 \\udfff"')],
  ['a payload of raw lone surrogates', event('"\ud800\udfff"')],
  ['a payload of NUL characters', event('"\\u0000\\u0000"')],
  ['a payload of a byte order mark', event('"\ufeff"')],
  ['a payload of line separators', event('"\u2028\u2029</script>"')],
  ['a payload of text that looks like numbers', event('["NaN","Infinity","-0","1e999"]')],
  ['a payload of numbers beyond all numbers', event('[1e999,-1e999,-0,5e-324,9007199254740993]')],
  ['a payload of 100,000 digits', event('9'.repeat(100_000))],
  ['white space around it', `\t\r\n ${event('1')} \t\r\n`],
  ['the same key many times', `{${'"type":"y",'.repeat(1_000)}${event('1').slice(1)}`],
].map(([name, frame]) => ({
  name: `just fine: ${name}`,
  frames: [frame],
  effect: { events: ['x'] },
}))
