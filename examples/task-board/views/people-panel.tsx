import type { PresenceUser } from 'wirefold'
import { useReadable } from 'wirefold/react'
import { otherName } from '../model/other-name.ts'
import { people } from '../model/people.ts'
import { person } from '../model/person.ts'
import { status } from '../model/tasks.ts'
import type { Doing } from '../shared.ts'
import { Stale } from './stale.tsx'

/** Shows the people present, their number of windows, and their activity. */
export function PeoplePanel() {
  const here = useReadable(people)
  const other = otherName(
    person,
    here.map(({ id, name = id }) => name),
  )
  return (
    <section className="card people">
      <h2>Who is here</h2>
      <Stale status={status} />
      {here.length === 0 && <p className="empty">No people yet</p>}
      <ul>
        {here.map((user) => (
          <Person key={user.id} user={user} />
        ))}
      </ul>
      <p className="hint">
        Open <Window of={other}>{`a window of ${other}`}</Window>, or{' '}
        <Window of={person}>another of your own</Window>.
      </p>
    </section>
  )
}

function Person({ user }: { user: PresenceUser }) {
  const windows = user.devices.length
  const editing = user.devices.flatMap(({ meta }) => (meta as Doing | undefined)?.editing ?? [])
  return (
    <li data-person={user.id}>
      <span className="face" style={{ background: colour(user.id) }} aria-hidden="true">
        {user.id.slice(0, 1)}
      </span>
      <span className="name">
        {user.name ?? user.id} {user.id === person && <small>you</small>}
      </span>
      <small className="windows">{windows === 1 ? '1 window' : `${windows} windows`}</small>
      <small className="doing">
        {editing.length > 0 ? `editing ${editing.map((id) => `#${id}`).join(', ')}` : 'looking'}
      </small>
    </li>
  )
}

function Window({ of: name, children }: { of: string; children: string }) {
  return (
    <a href={`?name=${encodeURIComponent(name)}`} target="_blank" rel="noopener">
      {children}
    </a>
  )
}

/** Returns the colour of a person, which is the same in every window. */
function colour(name: string): string {
  const hue = Array.from(name).reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) % 360, 7)
  return `hsl(${hue} 45% 42%)`
}
