import { assertSame, type SuiteCase } from './suite-case.ts'
import { type MakeTransport, on } from './transport-harness.ts'

/** Texts that are easily damaged in transit, each for another reason. */
const texts = [
  'plain',
  '',
  'null \u0000, tab \t, lines \r\n, separators \u2028 \u2029',
  '🜁 of four bytes, é of two, e\u0301 of three',
  '[object ArrayBuffer]',
]
const MEBIBYTE = 2 ** 20

/** Cases of messages over a transport. */
export const transportMessages: readonly SuiteCase<MakeTransport>[] = [
  {
    name: 'reports the opening before messages that come right after it',
    async run(make) {
      const greeting = ['a', 'b']
      const greeted: MakeTransport = (reception) =>
        make(reception, (peer) => {
          for (const text of greeting) peer.send(text)
        })
      await on('accepts', async (bench) => {
        const near = bench.open()
        await bench.until('both arrive', () => near.messages.length === 2)
        assertSame(near.events, ['opened', 'message', 'message'])
        assertSame(near.messages, greeting)
      })(greeted)
    },
  },
  {
    name: 'carries text both ways as it is',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      for (const text of texts) {
        peer.send(text)
        near.transport.send(text)
      }
      await bench.until('all arrive', () => near.messages.length === texts.length)
      await bench.until('all arrive there', () => peer.received.length === texts.length)
      assertSame(near.messages, texts)
      assertSame(peer.received, texts)
    }),
  },
  {
    name: 'keeps a byte order mark',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.send('\uFEFFmarked')
      near.transport.send('\uFEFFmarked')
      await bench.until('it arrives', () => near.messages.length === 1)
      await bench.until('it arrives there', () => peer.received.length === 1)
      assertSame(near.messages, ['\uFEFFmarked'])
      assertSame(peer.received, ['\uFEFFmarked'])
    }),
  },
  {
    name: 'carries half a surrogate pair as it is or as U+FFFD, and goes on',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      near.transport.send('\uD83D')
      near.transport.send('next')
      await bench.until('both arrive', () => peer.received.length === 2)
      assertSame(peer.received[0]?.replace('\uD83D', '\uFFFD'), '\uFFFD')
      assertSame(peer.received[1], 'next')
      assertSame(near.events, ['opened'])
    }),
  },
  {
    name: 'carries a mebibyte both ways',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      const text = 'é'.repeat(MEBIBYTE / 2)
      peer.send(text)
      near.transport.send(text)
      await bench.until('it arrives', () => near.messages.length === 1)
      await bench.until('it arrives there', () => peer.received.length === 1)
      assertSame(near.messages[0] === text && peer.received[0] === text, true)
    }),
  },
  {
    name: 'keeps messages in order both ways',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      const numbers = Array.from({ length: 200 }, (_, at) => String(at))
      for (const number of numbers) {
        peer.send(number)
        near.transport.send(number)
      }
      await bench.until('all arrive', () => near.messages.length === numbers.length)
      await bench.until('all arrive there', () => peer.received.length === numbers.length)
      assertSame(near.messages, numbers)
      assertSame(peer.received, numbers)
    }),
  },
  {
    name: 'delivers binary messages as an ArrayBuffer, byte for byte',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      const bytes = [0, 1, 127, 128, 255]
      peer.send(Uint8Array.from(bytes).buffer)
      await bench.until('it arrives', () => near.messages.length === 1)
      const [data] = near.messages
      if (!(data instanceof ArrayBuffer)) throw new Error(`Found ${typeof data} ${data}.`)
      assertSame([...new Uint8Array(data)], bytes)
    }),
  },
  {
    name: 'sends binary messages byte for byte, in order with texts',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      const bytes = [0, 1, 127, 128, 255]
      near.transport.send(Uint8Array.from(bytes).buffer)
      near.transport.send('text')
      await bench.until('the text arrives there', () => peer.received.length === 1)
      assertSame([...(peer.receivedBytes?.[0] ?? [])], bytes)
    }),
  },
  {
    name: 'never delivers what was sent before it opened',
    run: on('accepts late', async (bench) => {
      const near = bench.open()
      try {
        near.transport.send('early')
      } catch {
        // To throw is allowed.
      }
      await bench.until('it opens', () => near.events.length > 0)
      near.transport.send('first')
      const peer = await bench.peer()
      await bench.until('it arrives', () => peer.received.length > 0)
      await bench.quiet()
      assertSame(peer.received, ['first'])
    }),
  },
  {
    name: 'counts the bytes that have not left yet, down to none',
    run: on('accepts', async (bench) => {
      const near = bench.open()
      assertSame(near.transport.bufferedAmount, 0)
      await bench.until('it opens', () => near.events.length > 0)
      near.transport.send('x'.repeat(MEBIBYTE))
      assertSame(near.transport.bufferedAmount >= 0, true)
      await bench.until('all has left', () => near.transport.bufferedAmount === 0)
      near.transport.close()
      assertSame(near.transport.bufferedAmount >= 0, true)
    }),
  },
]
