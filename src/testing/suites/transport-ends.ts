import { assertSame, type SuiteCase } from './suite-case.ts'
import { type MakeTransport, on, type Reception } from './transport-harness.ts'

const unopened: readonly Reception[] = [
  'accepts',
  'accepts late',
  'refuses',
  'denies',
  'says nothing',
]

/** Cases of the end of a transport, by the far end and by its own `close()`. */
export const transportEnds: readonly SuiteCase<MakeTransport>[] = [
  {
    name: 'reports the far end’s close, after all messages before it, and nothing more',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.send('last')
      peer.close(4001, 'genug für heute')
      await bench.ended(near)
      await bench.quiet()
      assertSame(near.events, ['opened', 'message', bench.closed(4001, 'genug für heute')])
    }),
  },
  {
    name: 'ends with 1006, once, when the connection is lost',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.cut()
      await bench.ended(near)
      await bench.quiet()
      assertSame(near.events, ['opened', 'closed 1006'])
    }),
  },
  {
    name: 'may be closed, and used to send, after its end, without effect',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.close(1001, '')
      await bench.ended(near)
      near.transport.send('too late')
      near.transport.close()
      await bench.quiet()
      assertSame(near.events, ['opened', bench.closed(1001, '')])
    }),
  },

  {
    name: 'ends the connection at the far end by its own close(), which may be called twice',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      near.transport.close(4002, 'bye')
      near.transport.close(4003, 'twice')
      await bench.until('the far end is closed', () => peer.closed !== undefined)
      await bench.quiet()
      assertSame(near.events, ['opened'])
    }),
  },
  {
    name: 'sends the far end the code and reason of its own close()',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      near.transport.close(4002, 'bye')
      near.transport.close(4003, 'twice')
      await bench.until('the far end is closed', () => peer.closed !== undefined)
      assertSame(`${peer.closed?.code} ${peer.closed?.reason}`, '4002 bye')
    }),
  },
  {
    name: 'is silent from its own close() on, though the far end goes on sending',
    run: on('accepts', async (bench) => {
      const near = bench.open([], (event, { transport }) => {
        if (event === 'message') transport.close()
      })
      await bench.until('it opens', () => near.events.length > 0)
      const peer = await bench.peer()
      for (const text of ['1', '2', '3']) peer.send(text)
      peer.close(4001, 'enough')
      await bench.until('the first arrives', () => near.messages.length > 0)
      await bench.quiet()
      assertSame(near.messages, ['1'])
      assertSame(near.events, ['opened', 'message'])
    }),
  },
  {
    name: 'may be closed as it opens, and is silent then',
    run: on('accepts', async (bench) => {
      const near = bench.open([], (_, { transport }) => transport.close())
      const peer = await bench.peer()
      await bench.until('the far end is closed', () => peer.closed !== undefined)
      await bench.quiet()
      assertSame(near.events, ['opened'])
    }),
  },
  {
    name: 'is silent when it is closed on a far end that froze',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.freeze()
      near.transport.close()
      await bench.pass(100)
      assertSame(near.events, ['opened'])
    }),
  },
  {
    name: 'is silent when the connection is lost after its close()',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.freeze()
      near.transport.close()
      peer.cut()
      await bench.quiet()
      assertSame(near.events, ['opened'])
    }),
  },
  ...unopened.flatMap((reception) =>
    [0, 10].map((ms) => ({
      name: `is silent when closed ${ms} ms after open(), where the far end ${reception}`,
      run: on(reception, async (bench) => {
        const near = bench.open()
        if (ms > 0) await bench.pass(ms)
        const before = [...near.events]
        near.transport.close()
        await bench.pass(100)
        assertSame(near.events, before)
        await bench.until('all connections have ended', () => bench.peers.every((p) => p.closed))
      }),
    })),
  ),
]
