import { useReadable } from 'wirefold/react'
import type { ProcessContexts } from '../model/contexts.ts'
import { run } from '../model/process.ts'
import { describe } from './describe.ts'

/** The documents of the current process, rendered by React. */
export function Documents() {
  const current = useReadable(run)
  if (!current) return <p className="empty">Waiting for a process …</p>
  return <DocumentList key={current.id} contexts={current.contexts} />
}

function DocumentList({ contexts }: { contexts: ProcessContexts }) {
  const paths = useReadable(contexts.slot('DocumentContext').keys)
  if (paths.length === 0) return <p className="empty">No documents yet</p>
  return (
    <ol className="rows">
      {paths.map((path) => (
        <DocumentRow key={path} contexts={contexts} path={path} />
      ))}
    </ol>
  )
}

function DocumentRow({ contexts, path }: { contexts: ProcessContexts; path: string }) {
  const document = useReadable(contexts.entity('DocumentContext', path))
  const step = useReadable(contexts.entity('currentStep', path))
  const components = useReadable(contexts.slot('ComponentContext').keys).length
  if (!document) return null
  const row = describe(document, step)
  return (
    <li title={path} data-tone={row.tone}>
      <span className="name">{row.name}</span>
      <span className="status">{row.status}</span>
      <span className="detail">{row.detail}</span>
      <progress value={row.done} max={components} />
    </li>
  )
}
