import { Activity, StrictMode, useEffect } from 'react'
import { flushSync } from 'react-dom'
import { createRoot } from 'react-dom/client'
import { RealtimeClient } from '../../../src/entries/index.ts'
import { createRealtimeHooks } from '../../../src/entries/react-hooks.ts'

/* The page of the stories of hooks: components of React under StrictMode, in a development build. */

interface Task {
  id: string
  title: string
}

const { RealtimeProvider, useConnection, useEvent, useList, usePending, usePresence, useRequest } =
  createRealtimeHooks()
const client = new RealtimeClient('/realtime', {
  auth: () => 'ana',
  backoff: { minMs: 50, initialMs: 100, maxMs: 500 },
})
const load = async () => ({ state: await client.request<Task[]>('task:list') })
const page: Partial<HooksPage> = {}

function Tasks() {
  const { rows, status, error, create } = useList('entity:Task', { load })
  const { me, others, update } = usePresence<string>('workspace/tasks', { typing: false })
  const { pending, send } = useRequest<string>('task:slow')
  const changes = usePending()
  page.create = (title) => create({ title })
  page.update = update
  page.send = () => void send().catch(({ code }) => outcomes.push(code))
  const users = others.map(({ id }) => id).join()
  return (
    <section>
      <ul>
        {rows.map(({ id, title, _optimistic }) => (
          <li key={id} className={_optimistic ? 'pending' : ''}>
            {title}
          </li>
        ))}
      </ul>
      <p id="list">{`${status} ${error ?? ''} ${changes.length} unconfirmed`}</p>
      <p id="presence">{`${JSON.stringify(me)} with ${users || 'no other user'}`}</p>
      <p id="request">{pending ? 'waiting' : 'idle'}</p>
    </section>
  )
}

function Connection() {
  useEffect(() => {
    mounts++
  }, [])
  const { state, attempt, online } = useConnection()
  const event = useEvent<{ text: string }>('news')
  return <p id="connection">{`${state} ${attempt} ${online} ${event?.payload.text ?? ''}`}</p>
}

const outcomes: string[] = []
let mounts = 0
const root = createRoot(document.body.appendChild(document.createElement('main')))

function show(mode: 'visible' | 'hidden'): void {
  const api = {
    create: (_: string, data: unknown, { request }: { request: typeof client.request }) =>
      request('task:create', data),
    update: async () => undefined,
    delete: async () => undefined,
  }
  flushSync(() =>
    root.render(
      <StrictMode>
        <RealtimeProvider client={client} api={api}>
          <Connection />
          <Connection />
          <Activity mode={mode}>
            <Tasks />
          </Activity>
        </RealtimeProvider>
      </StrictMode>,
    ),
  )
}

/** The functions of the page. */
export interface HooksPage {
  show(mode: 'visible' | 'hidden'): void
  unmount(): void
  create(title: string): Promise<unknown>
  update(meta: unknown): void
  send(): void
  /** How often the effects of the two components of the connection have run. */
  mounts(): number
  outcomes(): readonly string[]
  text(selector: string): string | undefined
  close(): void
}
Object.assign(page, {
  ...{ show, outcomes: () => outcomes, mounts: () => mounts, close: () => client.close() },
  unmount: () => root.unmount(),
  text: (selector: string) => document.querySelector(selector)?.textContent ?? undefined,
})
Object.assign(globalThis, { page })
