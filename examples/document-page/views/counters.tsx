import { useReadable } from 'wirefold/react'
import type { Person } from '../model/person.ts'

const NAMES = ['sent', 'received', 'replayed', 'refused', 'lost', 'twice'] as const
/** These stay at 0, as long as the client does what it promises. */
const FAULTS: readonly string[] = ['lost', 'twice']

/** What a panel has counted, by the numbers that the edits carry. */
export function Counters({ person }: { person: Person }) {
  const counts = useReadable(person.counts)
  return (
    <dl className="counters">
      {NAMES.map((name) => (
        <div key={name} data-bad={FAULTS.includes(name) ? counts[name] > 0 : undefined}>
          <dt>{name}</dt>
          <dd data-testid={name}>{counts[name]}</dd>
        </div>
      ))}
    </dl>
  )
}
