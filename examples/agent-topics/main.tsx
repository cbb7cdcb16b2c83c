import { StrictMode, useEffect, useReducer, useState } from 'react'
import { createRoot } from 'react-dom/client'
import { topic } from 'wirefold/dialects/topics'
import { createRealtimeHooks, useReadable } from 'wirefold/react'
import { agents, channels, client, followAgents, NEW_THREAD, threadAfter } from './model.ts'

const { RealtimeProvider, useChannel } = createRealtimeHooks()

function Dashboard() {
  useEffect(followAgents, [])
  const all = useReadable(agents)
  return (
    <ul>
      {[...all.values()].map(({ id, name, status }) => (
        <li key={id}>
          {name}: {status}
        </li>
      ))}
    </ul>
  )
}

function Chat({ id }: { readonly id: number }) {
  const [{ messages, writing }, apply] = useReducer(threadAfter, NEW_THREAD)
  useChannel(topic.thread(id), (_, event) => apply(event))
  return (
    <>
      {messages.map(({ content }, index) => (
        // biome-ignore lint/suspicious/noArrayIndexKey: the texts have no state of their own
        <p key={index}>{content}</p>
      ))}
      <p>{writing}</p>
    </>
  )
}

function App() {
  const [view, show] = useState<'dashboard' | number>('dashboard')
  return (
    <>
      {(['dashboard', 7, 8] as const).map((name) => (
        <button type="button" key={name} onClick={() => show(name)}>
          {name === 'dashboard' ? 'Dashboard' : `Chat ${name}`}
        </button>
      ))}
      <section>{view === 'dashboard' ? <Dashboard /> : <Chat key={view} id={view} />}</section>
    </>
  )
}

const host = document.getElementById('agents')
if (!host) throw new Error('index.html has no #agents.')
createRoot(host).render(
  <StrictMode>
    <RealtimeProvider client={client} channels={channels}>
      <App />
    </RealtimeProvider>
  </StrictMode>,
)
