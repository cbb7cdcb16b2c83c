import { useReadable } from 'wirefold/react'
import type { Run } from '../model/process.ts'
import { dialect, run } from '../model/process.ts'
import { size } from './describe.ts'
import { Status } from './status.tsx'

/** Shows the progress of the current process, and the counts of its reader. */
export function ProcessPanel() {
  const current = useReadable(run)
  return (
    <section className="card process">
      <h2 className="line">
        Process
        {dialect === 'native' ? (
          <a href="?dialect=duui">Use the gateway’s socket</a>
        ) : (
          <a href="?">Use the one connection</a>
        )}
      </h2>
      {current ? (
        <Progress key={current.id} {...current} />
      ) : (
        <p className="empty">Waiting for a process …</p>
      )}
    </section>
  )
}

function Progress({ id, contexts }: Run) {
  const composer = useReadable(contexts.entity('ComposerContext'))
  const reader = useReadable(contexts.entity('ReaderContext'))
  return (
    <>
      <p className="headline">
        <code>{id}</code>
        {composer && <Status value={composer.status} />}
      </p>
      <progress value={composer?.progress ?? 0} max={composer?.total || 1} />
      <p className="hint">
        {composer ? `${composer.progress} of ${composer.total} documents` : 'Nothing has begun yet'}
      </p>
      <dl className="figures">
        <Figure name="found" value={reader?.total} />
        <Figure name="skipped" value={reader?.skipped} />
        <Figure name="read" value={reader?.read} />
        <Figure name="left" value={reader?.remaining} />
        <Figure name="bytes" value={reader && size(reader.used_bytes)} />
      </dl>
    </>
  )
}

function Figure({ name, value = '–' }: { name: string; value: string | number | undefined }) {
  return (
    <div>
      <dt>{name}</dt>
      <dd>{value}</dd>
    </div>
  )
}
