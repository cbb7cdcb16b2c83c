import { useReadable } from 'wirefold/react'
import type { ProcessContexts } from '../model/contexts.ts'
import { run } from '../model/process.ts'
import { Status } from './status.tsx'

/** Shows the components of the pipeline, each with its running instances. */
export function PipelinePanel() {
  const current = useReadable(run)
  return (
    <section className="card">
      <h2>Pipeline</h2>
      {current ? (
        <Components key={current.id} contexts={current.contexts} />
      ) : (
        <p className="empty">Waiting for a process …</p>
      )}
    </section>
  )
}

function Components({ contexts }: { contexts: ProcessContexts }) {
  const ids = useReadable(contexts.slot('ComponentContext').keys)
  if (ids.length === 0) return <p className="empty">No components yet</p>
  return ids.map((id) => <Component key={id} contexts={contexts} id={id} />)
}

function Component({ contexts, id }: { contexts: ProcessContexts; id: string }) {
  const component = useReadable(contexts.entity('ComponentContext', id))
  if (!component) return null
  return (
    <>
      <h3 className="line">
        {component.name} <Status value={component.status} />
      </h3>
      <ul className="lines">
        {component.instance_ids.map((instance) => (
          <Instance key={instance} contexts={contexts} id={instance} of={component.name} />
        ))}
      </ul>
    </>
  )
}

function Instance({ contexts, id, of }: { contexts: ProcessContexts; id: string; of: string }) {
  const instance = useReadable(contexts.entity('InstantiatedComponentContext', id))
  return (
    <li className="line" title={instance?.endpoint}>
      <span className="name">{id.replace(`${of}-`, '')}</span>
      {instance && <Status value={instance.status} />}
    </li>
  )
}
