import { memo } from 'react'
import type { PayloadLog } from 'wirefold'
import { useReadable } from 'wirefold/react'
import type { ProcessContexts, ProcessEvent } from '../model/contexts.ts'
import { run } from '../model/process.ts'

/** Shows the last messages with their payloads: stack traces, scripts, logs. */
export function MessagesPanel() {
  const current = useReadable(run)
  return (
    <section className="card messages">
      <h2>Messages</h2>
      {current ? (
        <Messages key={current.id} contexts={current.contexts} />
      ) : (
        <p className="empty">Waiting for a process …</p>
      )}
    </section>
  )
}

function Messages({ contexts }: { contexts: ProcessContexts }) {
  const messages = useReadable(contexts.entity('ProcessEvent')) ?? []
  if (messages.length === 0) return <p className="empty">No messages yet</p>
  return (
    <ol reversed>
      {[...messages].reverse().map((event) => (
        <Message key={event._id} event={event} payloads={contexts.payloads} />
      ))}
    </ol>
  )
}

const Message = memo(function Message({
  event,
  payloads,
}: {
  event: ProcessEvent
  payloads: PayloadLog
}) {
  return (
    <li data-level={event.level}>
      <time>{new Date(event.at).toLocaleTimeString()}</time>
      <span className="sender">{event.sender ?? '–'}</span>
      <span className="text">{event.message.trim()}</span>
      {payloads.byEvent(event._id).map(({ type, content }) => (
        <details key={type}>
          <summary>{type.toLowerCase()}</summary>
          <pre>{content}</pre>
        </details>
      ))}
    </li>
  )
})
