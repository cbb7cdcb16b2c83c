import { expect, it } from 'vitest'
import { otherName } from '../../examples/task-board/model/other-name.ts'

it.each([
  { own: 'Ada', here: ['Ada'], other: 'Grace' },
  { own: 'Grace', here: ['Grace'], other: 'Ada' },
  { own: 'Ada', here: ['Bob', 'Ada'], other: 'Bob' },
  { own: 'Ada', here: ['Bob', 'Ada', 'Cleo'], other: 'Cleo' },
])('offers $own a window of $other where $here are here', ({ own, here, other }) => {
  expect(otherName(own, here)).toBe(other)
})
