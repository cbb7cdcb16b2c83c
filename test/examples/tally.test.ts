import { describe, expect, it } from 'vitest'
import { Tally } from '../../examples/document-page/model/tally.ts'

const RUN = 'first run'

/** Returns an edit of Grace, whom the tallies of these tests do not belong to. */
function graces(number: number, own = number) {
  return { run: RUN, number, by: 'grace', own }
}

/** Returns an edit of the panel that counts. */
function adas(number: number, own: number, run = RUN) {
  return { run, number, by: 'ada', own }
}

describe('the counters of a panel', () => {
  it('count what was sent, what arrived, and what of that was replayed', () => {
    const tally = new Tally('ada')
    tally.start(RUN, 7)
    expect([tally.send(), tally.send()]).toEqual([1, 2])
    tally.arrive(adas(8, 1), false)
    tally.arrive(graces(9), true)
    tally.arrive(adas(10, 2), false)
    expect(tally.counts).toEqual({
      sent: 2,
      received: 3,
      replayed: 1,
      refused: 0,
      lost: 0,
      twice: 0,
    })
  })

  it('count an edit of another as lost once a later one has arrived', () => {
    const tally = new Tally('ada')
    tally.start(RUN, 3)
    tally.arrive(graces(4), false)
    tally.arrive(graces(7), false)
    expect(tally.counts).toMatchObject({ received: 2, lost: 2 })
  })

  it('count the first edits after the start as lost, but none before it', () => {
    const tally = new Tally('ada')
    tally.start(RUN, 3)
    tally.arrive(graces(5), false)
    expect(tally.counts).toMatchObject({ lost: 1 })
  })

  it('count an own edit as lost once a later one has arrived', () => {
    const tally = new Tally('ada')
    tally.send()
    tally.send()
    expect(tally.counts).toMatchObject({ lost: 0 })
    tally.arrive(adas(1, 2), false)
    expect(tally.counts).toMatchObject({ lost: 1 })
  })

  it('do not count an own edit as lost that the server has refused', () => {
    const tally = new Tally('ada')
    tally.refused(tally.send())
    tally.send()
    tally.arrive(adas(1, 2), false)
    expect(tally.counts).toMatchObject({ sent: 2, received: 1, refused: 1, lost: 0 })
  })

  it('count an edit that arrives again as twice', () => {
    const tally = new Tally('ada')
    tally.arrive(graces(1), false)
    tally.arrive(graces(1), true)
    expect(tally.counts).toMatchObject({ received: 2, replayed: 1, twice: 1 })
  })

  it('count an edit that the server has made again, under another number, as twice', () => {
    const tally = new Tally('ada')
    tally.arrive(graces(1, 1), false)
    tally.arrive(graces(2, 1), false)
    expect(tally.counts).toMatchObject({ received: 2, lost: 0, twice: 1 })
  })

  it('begin anew with another process of the server, whose edits have the same numbers', () => {
    const tally = new Tally('ada')
    tally.start(RUN, 0)
    tally.send()
    for (const edit of [adas(1, 1), graces(2, 1), graces(3, 2)]) tally.arrive(edit, false)
    const offline = tally.send()
    tally.start('second run', 0)
    expect(tally.counts).toMatchObject({ sent: 1, received: 0, lost: 0 })
    tally.arrive(adas(1, offline, 'second run'), true)
    expect(tally.counts).toMatchObject({ sent: 1, received: 1, lost: 0, twice: 0 })
  })

  it('begin anew with an edit of another process that precedes the text', () => {
    const tally = new Tally('ada')
    tally.start(RUN, 7)
    tally.arrive(adas(1, 1, 'second run'), false)
    tally.start('second run', 1)
    expect(tally.counts).toMatchObject({ received: 1, lost: 0, twice: 0 })
  })
})
