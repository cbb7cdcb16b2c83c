/*
 * Fold: events as text over 10,000 entities, each entity with one subscriber that is called with each
 * of its events. The floor parses the text, and keeps value and subscriber of an entity in a Map.
 */
import {
  assertCount,
  built,
  bytesEach,
  interleave,
  nextTurn,
  ratio,
  runOnce,
  stopwatch,
} from '../harness.js'

const ENTITIES = 10_000
/** Events in one turn of the event loop. */
const PER_TURN = 20_000
/** Events before the measured ones, while code is compiled; they make the entities. */
const WARM_UP = 40_000

/** For each way to fold: returns the function that folds an event, with one subscriber an entity. */
const ways = {
  floor(keys, subscriberOf) {
    const entities = new Map(
      keys.map((key, n) => [key, { value: undefined, run: subscriberOf(n) }]),
    )
    return (event) => {
      const entity = entities.get(event.id)
      entity.value = event
      entity.run(event)
    }
  },
  async zustand(keys, subscriberOf) {
    const { createStore } = await import('zustand/vanilla')
    const stores = new Map(keys.map((key) => [key, createStore(() => undefined)]))
    for (const [n, key] of keys.entries()) stores.get(key).subscribe(subscriberOf(n))
    return (event) => stores.get(event.id).setState(event, true)
  },
  wirefold: (keys, subscriberOf) => registry(keys, subscriberOf, 'sync'),
  'wirefold, one notification a turn': (keys, subscriberOf) =>
    registry(keys, subscriberOf, 'microtask'),
}

async function registry(keys, subscriberOf, notify) {
  const { ContextRegistry } = await built('index')
  const contexts = new ContextRegistry({ notify }).keyed('Order', (order) => order.id)
  for (const [n, key] of keys.entries()) contexts.entity('Order', key).listen(subscriberOf(n))
  return (event) => contexts.dispatch(event)
}

/** Returns events, each about another entity than the one before. */
function eventsOf(keys, count) {
  return Array.from({ length: count }, (_, n) => {
    const entity = (Math.imul(n, 2_654_435_761) >>> 0) % ENTITIES
    return { kind: 'Order', id: keys[entity], status: 'paid', total: n % 997, entity, n }
  })
}

async function prepare({ way, events: count }) {
  const keys = Array.from({ length: ENTITIES }, (_, n) => `order-${n}`)
  const events = eventsOf(keys, WARM_UP + count)
  const texts = events.map((event) => Buffer.from(JSON.stringify(event)).toString())
  const last = new Int32Array(ENTITIES).fill(-1)
  let calls = 0
  let wrong = 0
  const subscriberOf = (entity) => (event) => {
    calls++
    if (event.entity !== entity || event.n <= last[entity]) wrong++
    last[entity] = event.n
  }
  const fold = await ways[way](keys, subscriberOf)
  const foldAll = async (from, to) => {
    for (let at = from; at < to; at += PER_TURN) {
      const end = Math.min(at + PER_TURN, to)
      for (let n = at; n < end; n++) fold(JSON.parse(texts[n]))
      await nextTurn()
    }
  }
  return {
    /** Returns the bytes that an event allocates, for the test of the limits. */
    async allocated() {
      await foldAll(0, WARM_UP)
      return bytesEach(count, () => foldAll(WARM_UP, texts.length))
    },
    async run() {
      await foldAll(0, WARM_UP)
      const stop = stopwatch()
      await foldAll(WARM_UP, texts.length)
      const times = stop()
      const newest = new Int32Array(ENTITIES).fill(-1)
      for (const { entity, n } of events) newest[entity] = n
      assertCount(
        `${way}, entities without their last event`,
        last.filter((n, at) => n !== newest[at]).length,
        0,
      )
      assertCount(`${way}, wrong calls`, wrong, 0)
      if (!way.includes('turn')) assertCount(`${way}, calls`, calls, events.length)
      return times
    },
  }
}

export const roles = { way: prepare }

export async function measure({ quick }) {
  const events = quick ? 50_000 : 200_000
  const samples = await interleave(quick ? 3 : 7, Object.keys(ways), (way) =>
    runOnce('fold', 'way', { way, events }),
  )
  const result = (way) => ({
    value: ratio(samples, way, 'floor', ({ cpuMs }) => cpuMs),
    beside: `wall ${ratio(samples, way, 'floor', ({ wallMs }) => wallMs).toFixed(2)}`,
  })
  const batched = 'wirefold, one notification a turn'
  return {
    title: `Fold of ${events} events over ${ENTITIES} entities, CPU time`,
    figures: [
      {
        name: 'one subscriber called with each',
        unit: '× floor',
        must: 1.3,
        results: { wirefold: result('wirefold'), zustand: result('zustand') },
      },
      {
        name: `one call for ${PER_TURN} events in a turn`,
        unit: '× floor',
        results: { wirefold: result(batched) },
      },
    ],
  }
}
