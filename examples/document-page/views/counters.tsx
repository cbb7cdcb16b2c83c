import { useReadable } from 'wirefold/react'
import type { Person } from '../model/person.ts'

const NAMES = ['sent', 'received', 'replayed', 'lost', 'twice'] as const

/** What a panel has counted, by the numbers that the edits carry. */
export function Counters({ person }: { person: Person }) {
  const counts = useReadable(person.counts)
  return (
    <dl className="counters">
      {NAMES.map((name) => (
        <div key={name} data-bad={(name === 'lost' || name === 'twice') && counts[name] > 0}>
          <dt>{name}</dt>
          <dd data-testid={name}>{counts[name]}</dd>
        </div>
      ))}
    </dl>
  )
}
