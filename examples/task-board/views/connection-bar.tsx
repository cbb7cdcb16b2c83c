import { useReadable } from 'wirefold/react'
import { connectionTone } from '../../page/connection-tone.ts'
import { connection, disconnect, opens } from '../model/connection.ts'
import { person } from '../model/person.ts'
import { LONGEST } from '../shared.ts'

/**
 * Shows the person of this window, who may choose another name, and its connection state, with a
 * button that breaks the connection.
 */
export function ConnectionBar() {
  const { name } = useReadable(connection)
  const opened = useReadable(opens)
  return (
    <section className="card bar" aria-label="This window">
      <form className="person" method="get">
        <label htmlFor="name">You are</label>
        <input
          id="name"
          name="name"
          defaultValue={person}
          maxLength={LONGEST.name}
          autoComplete="off"
          data-testid="person"
          required
        />
        <button type="submit">Rename</button>
      </form>
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
