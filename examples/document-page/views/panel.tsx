import type { ReactNode } from 'react'
import { useReadable } from 'wirefold/react'
import { connectionTone } from '../../page/connection-tone.ts'
import type { Person } from '../model/person.ts'
import { Counters } from './counters.tsx'

/** The panel of a person: the connection, the document, and what was counted. */
export function Panel({ person, children }: { person: Person; children: ReactNode }) {
  const { name } = useReadable(person.client.state)
  return (
    <section
      className="card panel"
      aria-label={`${person.name}’s panel`}
      data-testid={person.name.toLowerCase()}
    >
      <div className="headline">
        <h2>
          <span className="face" data-face={person.name} aria-hidden="true">
            {person.name.slice(0, 1)}
          </span>
          {person.name}
        </h2>
        <span className="status" role="status" data-tone={connectionTone(name)} data-testid="state">
          {name}
        </span>
      </div>
      <Freshness person={person} />
      {children}
      <Refusal person={person} />
      <Counters person={person} />
    </section>
  )
}

/** Shows whether the document is up to date; if not, since when. */
function Freshness({ person }: { person: Person }) {
  const status = useReadable(person.status)
  const { queued, sent } = useReadable(person.client.pending)
  const unsaved = queued + sent
  const isStale = status.name === 'recovering' || status.name === 'gap'
  return (
    <p className={isStale ? 'freshness stale' : 'freshness'} data-testid="freshness">
      <span role="status">
        {isStale
          ? `Stale: as of ${new Date(status.asOf).toLocaleTimeString()}`
          : status.name === 'live'
            ? 'Up to date'
            : 'Loading …'}
      </span>
      {/* Announced without the number, which changes with every letter. */}
      <span aria-hidden="true">
        {unsaved > 0 && (unsaved === 1 ? '1 edit not saved yet' : `${unsaved} edits not saved yet`)}
      </span>
      <span className="only-read" role="status">
        {unsaved > 0 && 'Not all edits are saved yet.'}
      </span>
    </p>
  )
}

/** Shows why the server has refused the last edit. */
function Refusal({ person }: { person: Person }) {
  const reason = useReadable(person.refusal)
  return (
    <p className="notice" role="status">
      {reason && `Refused, and taken back: ${reason}.`}
    </p>
  )
}
