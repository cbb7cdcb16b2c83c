import { useReadable } from 'wirefold/react'
import { Switch } from '../../page/switch.tsx'
import type { SwitchName } from '../model/network.ts'
import { restartServer } from '../model/network.ts'
import { made } from '../model/overview.ts'
import type { Person } from '../model/person.ts'

const ROWS: readonly (readonly [name: SwitchName, label: string, meaning: string])[] = [
  ['cut', 'Cut', 'no connection'],
  ['freeze', 'Freeze', 'nothing gets through'],
  ['slow', 'Slow', 'half a second'],
  ['reject', 'Reject', 'the next edit'],
]

/** The network between the people and the server: switches for each of them, and for both. */
export function NetworkPanel({ people }: { people: readonly [Person, Person] }) {
  const [one, other] = people
  const { edits, isAnew } = useReadable(made)
  return (
    <section className="card network" aria-labelledby="network-title">
      <h2 id="network-title">Break the network</h2>
      <table>
        <thead>
          <tr>
            <td />
            <th scope="col">{one.name}</th>
            <th scope="col">Both</th>
            <th scope="col">{other.name}</th>
          </tr>
        </thead>
        <tbody>
          {ROWS.map(([name, label, meaning]) => (
            <Row key={name} {...{ name, label, meaning, people }} />
          ))}
        </tbody>
      </table>
      <button type="button" onClick={restartServer}>
        Restart the server
      </button>
      <p className="hint">
        The server has made <strong data-testid="edits">{edits}</strong>{' '}
        {edits === 1 ? 'edit' : 'edits'} since{' '}
        {isAnew ? 'its process was started again' : 'this page was opened'}, by its own count.
      </p>
      <p className="notice" role="status" data-testid="anew">
        {isAnew &&
          'The server’s process was started again. It has forgotten the document, which it had in memory only: text and counters begin anew.'}
      </p>
    </section>
  )
}

interface RowProps {
  readonly name: SwitchName
  readonly label: string
  readonly meaning: string
  readonly people: readonly [Person, Person]
}

function Row({ name, label, meaning, people }: RowProps) {
  const [one, other] = people
  const isOn = useReadable(one.network.positions)[name]
  const isOtherOn = useReadable(other.network.positions)[name]
  const turn = (...who: Person[]) => {
    return (on: boolean) => Promise.all(who.map(({ network }) => network.turn(name, on)))
  }
  return (
    <tr>
      <th scope="row">
        {label} <small>{meaning}</small>
      </th>
      <td>
        <Switch on={isOn} toggle={turn(one)} label={`${label}: ${one.name}`} />
      </td>
      <td>
        <Switch on={isOn && isOtherOn} toggle={turn(...people)} label={`${label}: both`} />
      </td>
      <td>
        <Switch on={isOtherOn} toggle={turn(other)} label={`${label}: ${other.name}`} />
      </td>
    </tr>
  )
}
