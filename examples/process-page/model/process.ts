import type { EventFrame } from 'wirefold'
import { ChannelSubscriber, createStore, feed, RealtimeClient } from 'wirefold'
import type { DUUIEnvelope, DUUIEvent } from 'wirefold/dialects/duui'
import { duui, processChannel } from 'wirefold/dialects/duui'
import type { CurrentProcess } from '../shared.ts'
import { PROCESSES } from '../shared.ts'
import { channels } from './channels.ts'
import { client, socketUrl } from './client.ts'
import { noteError } from './connection.ts'
import type { ProcessContexts, ProcessEvent } from './contexts.ts'
import { processes } from './contexts.ts'
import { WaitingRoom } from './waiting-room.ts'
import { whenLive } from './when-live.ts'

/** A process and its state. */
export interface Run {
  readonly id: string
  readonly contexts: ProcessContexts
}

/** The process the page shows; `undefined` until the server has told which one that is. */
export const run = createStore<Run | undefined>(undefined)

/**
 * How the page hears of a process. `native`: as a channel of the page's one connection. `duui`, by
 * `?dialect=duui`: from a gateway's own socket, of which there is one per process.
 */
export const dialect =
  new URLSearchParams(location.search).get('dialect') === 'duui' ? 'duui' : 'native'

let leave = (): void => {}

/** Shows the server's current process, and each one that follows it. */
export function followProcesses(): void {
  const started = channels.subscribe<CurrentProcess>(PROCESSES, ({ id }) => show(id))
  whenLive(started, async () => show((await client.request<CurrentProcess>('process:current')).id))
}

function show(id: string): void {
  const before = run.get()
  if (before?.id === id) return
  leave()
  const contexts = processes.scope(id)
  leave = dialect === 'duui' ? followGateway(id, contexts) : followChannel(id, contexts)
  run.set({ id, contexts })
  before?.contexts.dispose()
}

/** Live events by the page's connection; what happened before them is asked for. */
function followChannel(id: string, contexts: ProcessContexts): () => void {
  const room = new WaitingRoom(contexts)
  const live = feed(channels, processChannel(id), room, toContext)
  whenLive(live, () =>
    room.during(async () => {
      const timeline = await client.request<DUUIEnvelope[]>('process:timeline', { id })
      for (const { event, timestamp } of timeline) {
        contexts.dispatch(processEvent(event, timestamp), { id: event._id, timestamp })
      }
    }),
  )
  return live
}

/** The same from a gateway, in its own words; its sockets begin with what happened before. */
function followGateway(id: string, contexts: ProcessContexts): () => void {
  const gateway = new RealtimeClient(socketUrl(`/ws/processes/${id}/events`), { dialect: duui })
  gateway.on('error', noteError)
  feed(new ChannelSubscriber(gateway), processChannel(id), contexts, toContext)
  return () => gateway.close()
}

function toContext({ payload, timestamp }: EventFrame): ProcessEvent {
  return processEvent(payload as DUUIEvent, timestamp)
}

function processEvent(event: DUUIEvent, at = 0): ProcessEvent {
  return { kind: 'ProcessEvent', at, ...event }
}
