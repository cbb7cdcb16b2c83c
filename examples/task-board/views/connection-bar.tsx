import { useReadable } from 'wirefold/react'
import { connectionTone } from '../../page/connection-tone.ts'
import { connection, disconnect, opens } from '../model/connection.ts'
import { person } from '../model/person.ts'

/**
 * Shows the person of this window and its connection state, and a button that breaks the
 * connection.
 */
export function ConnectionBar() {
  const { name } = useReadable(connection)
  const opened = useReadable(opens)
  return (
    <section className="card bar" aria-label="This window">
      <p>
        You are <strong data-testid="person">{person}</strong>
      </p>
      <span className="status" data-tone={connectionTone(name)} data-testid="state">
        {name}
      </span>
      <small>
        opened <span data-testid="opens">{opened}</span> {opened === 1 ? 'time' : 'times'}
      </small>
      <button type="button" onClick={disconnect}>
        Cut the connection
      </button>
    </section>
  )
}
