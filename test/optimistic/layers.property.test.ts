import { fc, test } from '@fast-check/vitest'
import { describe, expect } from 'vitest'
import type { Layered } from '../../src/optimistic/layers.ts'
import { confirm, drop, move, propose, ripe, shown } from '../../src/optimistic/layers.ts'

/** Named numbers; a mutation sets some of them. */
type Values = Readonly<Record<string, number>>

type Input =
  | { readonly do: 'propose'; readonly id: string; readonly sets: Values }
  | { readonly do: 'refuse'; readonly id: string }
  | { readonly do: 'answer'; readonly id: string; readonly sets: Values; readonly at: number }
  | { readonly do: 'move'; readonly sets: Values; readonly by: number }

const id = fc.constantFrom('m1', 'm2', 'm3', 'm4')
const sets = fc.dictionary(fc.constantFrom('x', 'y', 'z'), fc.nat({ max: 99 }))
const input: fc.Arbitrary<Input> = fc.oneof(
  fc.record({ do: fc.constant('propose' as const), id, sets }),
  fc.record({ do: fc.constant('refuse' as const), id }),
  fc.record({ do: fc.constant('answer' as const), id, sets, at: fc.integer({ min: 1, max: 20 }) }),
  fc.record({ do: fc.constant('move' as const), sets, by: fc.integer({ min: 1, max: 3 }) }),
)
/** Each mutation id is proposed once. */
const history = fc
  .array(input, { maxLength: 25 })
  .map((inputs) =>
    inputs.filter(
      (now, at) =>
        now.do !== 'propose' ||
        !inputs.slice(0, at).some((before) => before.do === 'propose' && before.id === now.id),
    ),
  )

const report = (cause: unknown): void => {
  throw cause
}
const own = { userId: undefined, tag: '', requested: new Set<string>(), key: () => undefined }
const over = (values: Values) => (state: Values) => ({ ...state, ...values })
const start: Layered<Values> = { base: { x: 0 }, position: { epoch: 'e', offset: 0 }, layers: [] }

const play = (inputs: readonly Input[]): Layered<Values> => inputs.reduce(after, start)

function after(layered: Layered<Values>, now: Input): Layered<Values> {
  switch (now.do) {
    case 'propose': {
      const apply = over(now.sets)
      return propose(layered, now.id, { key: undefined, apply, confirmed: () => apply })
    }
    case 'refuse':
      return drop(layered, now.id)
    case 'answer':
      return confirm(layered, now.id, over(now.sets), { epoch: 'e', offset: now.at })
    case 'move': {
      const offset = (layered.position?.offset ?? 0) + now.by
      const state = { ...layered.base, ...now.sets }
      return move(layered, { state, events: [], position: { epoch: 'e', offset } }, own)
    }
  }
}

/** Reference implementation: a list of all mutations, some of which have ended. */
function literally(inputs: readonly Input[]): Values {
  let base = start.base
  let offset = 0
  const made: { id: string; sets: Values; at: number; over: boolean }[] = []
  for (const now of inputs) {
    const known = made.find((one) => now.do !== 'move' && one.id === now.id && !one.over)
    if (now.do === 'propose') {
      made.push({ id: now.id, sets: now.sets, at: Number.POSITIVE_INFINITY, over: false })
    } else if (now.do === 'move') {
      base = { ...base, ...now.sets }
      offset += now.by
    } else if (known && now.do === 'refuse') known.over = true
    else if (known && now.do === 'answer') {
      known.sets = now.sets
      known.at = now.at
    }
    for (const one of made) if (one.at <= offset) one.over = true
  }
  let state = base
  for (const one of made) if (!one.over) state = { ...state, ...one.sets }
  return state
}

describe('layers', () => {
  test.prop([history], { numRuns: 1_000 })(
    'show the same state as the reference implementation',
    (inputs) => {
      expect(shown(play(inputs), report)).toEqual(literally(inputs))
    },
  )

  test.prop([history, id], { numRuns: 1_000 })(
    'show after a refusal the same state as without the refused mutation',
    (inputs, refused) => {
      const without = inputs.filter((now) => now.do === 'move' || now.id !== refused)
      const left = play([...inputs, { do: 'refuse', id: refused }])
      expect(shown(left, report)).toEqual(shown(play(without), report))
    },
  )

  test.prop([history], { numRuns: 1_000 })(
    'are empty once every mutation is answered and its event has arrived',
    (inputs) => {
      const made = inputs.flatMap((now) => (now.do === 'propose' ? [now.id] : []))
      const answers = made.map((one) => ({ do: 'answer', id: one, sets: {}, at: 20 }) as const)
      const far = Array.from({ length: 20 }, () => ({ do: 'move', sets: {}, by: 1 }) as const)
      const end = play([...inputs, ...answers, ...far])
      expect(end.layers).toEqual([])
      expect(shown(end, report)).toBe(end.base)
      expect(ripe(end)).toEqual([])
    },
  )
})
