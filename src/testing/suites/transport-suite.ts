import { isWirefoldError } from '../../base/errors.ts'
import { assertSame, type SuiteCase } from './suite-case.ts'
import { transportEnds } from './transport-ends.ts'
import { type MakeTransport, on } from './transport-harness.ts'
import { transportMessages } from './transport-messages.ts'

const openings: readonly SuiteCase<MakeTransport>[] = [
  {
    name: 'throws for an invalid address',
    run: on('accepts', async (bench) => {
      let thrown: unknown
      try {
        bench.openAt('no address')
      } catch (error) {
        thrown = error
      }
      assertSame(isWirefoldError(thrown, 'bad-url'), true)
    }),
  },
  {
    name: 'reports that it is open, once, and not before open() has returned',
    run: on('accepts', async (bench) => {
      const near = bench.open()
      assertSame(near.events, [])
      await bench.peer()
      await bench.until('it is open', () => near.events.length > 0)
      await bench.quiet()
      assertSame(near.events, ['opened'])
    }),
  },
  {
    name: 'offers its protocols',
    run: on('accepts', async (bench) => {
      bench.open(['first', 'second'])
      assertSame((await bench.peer()).protocols, ['first', 'second'])
      bench.open(['other'])
      assertSame((await bench.peer(1)).protocols, ['other'])
    }),
  },
  {
    name: 'reports nothing while the far end says nothing',
    run: on('says nothing', async (bench) => {
      const near = bench.open()
      await bench.pass(200)
      assertSame(near.events, [])
    }),
  },
  ...(['refuses', 'denies'] as const).map((reception) => ({
    name: `ends, once, where the far end ${reception}`,
    run: on(reception, async (bench) => {
      const near = bench.open()
      assertSame(near.events, [])
      await bench.ended(near)
      await bench.quiet()
      assertSame(near.events, [bench.refused(reception)])
    }),
  })),
]

const several: readonly SuiteCase<MakeTransport>[] = [
  {
    name: 'keeps two connections apart',
    run: on('accepts', async (bench) => {
      const one = await bench.connect()
      const other = await bench.connect()
      one.near.transport.send('from one')
      other.peer.send('to the other')
      await bench.until('it arrives there', () => one.peer.received.length === 1)
      await bench.until('it arrives', () => other.near.messages.length === 1)
      one.peer.close(4001, 'enough')
      await bench.ended(one.near)
      other.near.transport.send('still here')
      await bench.until('it arrives there', () => other.peer.received.length === 1)
      assertSame(one.near.events, ['opened', bench.closed(4001, 'enough')])
      assertSame(other.near.events, ['opened', 'message'])
    }),
  },
  {
    name: 'opens the next while it reports an end, and its predecessor cannot affect it',
    run: on('accepts', async (bench) => {
      const nexts: ReturnType<typeof bench.open>[] = []
      const first = bench.open([], (event) => {
        if (event.startsWith('closed')) nexts.push(bench.open())
      })
      await bench.until('it opens', () => first.events.length > 0)
      ;(await bench.peer()).close(1012, 'restart')
      await bench.ended(first)
      const peer = await bench.peer(1)
      const [next] = nexts
      await bench.until('the next opens', () => next?.events.length === 1)
      first.transport.send('from the past')
      first.transport.close()
      next?.transport.send('hello')
      await bench.until('it arrives', () => peer.received.length > 0)
      await bench.quiet()
      assertSame(peer.received, ['hello'])
      assertSame(first.events, ['opened', bench.closed(1012, 'restart')])
      assertSame(next?.events ?? [], ['opened'])
    }),
  },
  {
    name: 'connects again only when it is opened again',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.close(1012, 'restart')
      await bench.ended(near)
      await bench.pass(200)
      assertSame(bench.peers.length, 1)
    }),
  },
  {
    name: 'reports every refusal in a row',
    run: on('refuses', async (bench) => {
      for (let attempt = 0; attempt < 5; attempt++) {
        const near = bench.open()
        await bench.ended(near)
        assertSame(near.events, ['closed 1006'])
      }
    }),
  },
  {
    name: 'opens again after its own close(), beside a far end that froze',
    run: on('accepts', async (bench) => {
      const { near, peer } = await bench.connect()
      peer.freeze()
      near.transport.close()
      const next = await bench.connect()
      next.near.transport.send('hello')
      await bench.until('it arrives', () => next.peer.received.length === 1)
      assertSame(near.events, ['opened'])
    }),
  },
]

/**
 * The contract of every transport on every platform: handlers are called once and in order, none is
 * called after its end or after its own `close()`, and messages arrive unchanged.
 *
 * A case also fails if an error is thrown outside of it, as far as the test runner notices.
 *
 * @example
 * import { type MakeTransport, transportSuite } from 'wirefold/testing'
 *
 * function holdToTheSuite(make: MakeTransport) {
 *   for (const { name, run } of transportSuite) it(name, () => run(make))
 * }
 */
export const transportSuite: readonly SuiteCase<MakeTransport>[] = [
  ...openings,
  ...transportMessages,
  ...transportEnds,
  ...several,
]
