import { useReadable } from 'wirefold/react'
import type { ProcessContexts } from '../model/contexts.ts'
import { run } from '../model/process.ts'
import { Status } from './status.tsx'

/** Shows the threads that process documents, and the drivers that run the components. */
export function WorkersPanel() {
  const current = useReadable(run)
  return (
    <section className="card">
      <h2>Workers and drivers</h2>
      {current ? (
        <Lists key={current.id} contexts={current.contexts} />
      ) : (
        <p className="empty">Waiting for a process …</p>
      )}
    </section>
  )
}

function Lists({ contexts }: { contexts: ProcessContexts }) {
  const workers = useReadable(contexts.slot('WorkerContext').keys)
  const drivers = useReadable(contexts.slot('DriverContext').keys)
  return (
    <>
      <h3>Workers</h3>
      {workers.length === 0 && <p className="empty">No workers yet</p>}
      <ul className="lines">
        {workers.map((thread) => (
          <Worker key={thread} contexts={contexts} thread={thread} />
        ))}
      </ul>
      <h3>Drivers</h3>
      {drivers.length === 0 && <p className="empty">No drivers yet</p>}
      <ul className="lines">
        {drivers.map((driver) => (
          <Driver key={driver} contexts={contexts} driver={driver} />
        ))}
      </ul>
    </>
  )
}

function Worker({ contexts, thread }: { contexts: ProcessContexts; thread: string }) {
  const worker = useReadable(contexts.entity('WorkerContext', thread))
  if (!worker) return null
  return (
    <li className="line">
      <span className="name">{worker.name}</span>
      <Status value={worker.status} />
    </li>
  )
}

function Driver({ contexts, driver }: { contexts: ProcessContexts; driver: string }) {
  const status = useReadable(contexts.entity('DriverContext', driver), (value) => value?.status)
  return (
    <li className="line">
      <span className="name">{driver}</span>
      {status && <Status value={status} />}
    </li>
  )
}
