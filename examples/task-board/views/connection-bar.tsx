import { useReadable } from 'wirefold/react'
import { connectionTone } from '../../page/connection-tone.ts'
import { connection, cut, opens } from '../model/connection.ts'
import { person } from '../model/person.ts'

/** Whose window this is, how its connection stands, and a way to break it. */
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
      <button type="button" onClick={cut}>
        Cut the connection
      </button>
    </section>
  )
}
