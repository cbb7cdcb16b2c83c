import { useReadable } from 'wirefold/react'
import { connectionTone } from '../../page/connection-tone.ts'
import { connection, lastError, opens, receivedAt } from '../model/connection.ts'
import { cause, frozen } from '../model/fault.ts'
import { useNow } from './use-now.ts'

/** Time without an event after which the panel shows a warning; figures come once a second. */
const QUIET_MS = 2_500

/** Shows the state of the connection, and buttons that break it. */
export function ConnectionPanel() {
  const state = useReadable(connection)
  const opened = useReadable(opens)
  const error = useReadable(lastError)
  const isFrozen = useReadable(frozen)
  return (
    <section className="card connection">
      <h2>Connection</h2>
      <p className="headline">
        <span className="status" data-tone={connectionTone(state.name)} data-testid="state">
          {state.name}
        </span>
        <Note />
      </p>
      <dl className="facts">
        <dt>Opened</dt>
        <dd>
          <span data-testid="opens">{opened}</span> {opened === 1 ? 'time' : 'times'}
        </dd>
        <dt>Failed attempts</dt>
        <dd>{'attempt' in state ? state.attempt : '–'}</dd>
        <dt>Last error</dt>
        <dd title={error}>{error || 'none'}</dd>
      </dl>
      <div className="buttons">
        <button type="button" onClick={() => cause('disconnect')}>
          Cut the socket
        </button>
        <button
          type="button"
          aria-pressed={isFrozen}
          onClick={() => cause(isFrozen ? 'thaw' : 'freeze')}
        >
          {isFrozen ? 'Unfreeze the network' : 'Freeze the network'}
        </button>
        <button type="button" onClick={() => cause('restart')}>
          Restart the server
        </button>
      </div>
    </section>
  )
}

/** Shows the time until the next attempt, or the time without an event. */
function Note() {
  const state = useReadable(connection)
  const received = useReadable(receivedAt)
  const now = useNow(100)
  if (state.name === 'waiting') return <span>again in {seconds(state.retryAt - now)}</span>
  if (state.name !== 'open') return null
  const quiet = now - received
  return quiet > QUIET_MS ? (
    <span className="warning">no event for {seconds(quiet)}</span>
  ) : (
    <span>for {duration(now - state.since)}</span>
  )
}

function seconds(ms: number): string {
  return `${Math.max(0, ms / 1_000).toFixed(1)} s`
}

function duration(ms: number): string {
  // The page's clock is read less often than the connection's.
  const s = Math.max(0, Math.floor(ms / 1_000))
  return s < 60 ? `${s} s` : `${Math.floor(s / 60)} min ${s % 60} s`
}
