import type { EventFrame } from 'wirefold'
import { ChannelSubscriber, createStore, feed, RealtimeClient, sync } from 'wirefold'
import type { DUUIEnvelope, DUUIEvent } from 'wirefold/dialects/duui'
import { duui, processChannel } from 'wirefold/dialects/duui'
import { socketUrl } from '../../page/server-address.ts'
import type { CurrentProcess } from '../shared.ts'
import { PROCESSES } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { noteError } from './connection.ts'
import type { ProcessContexts, ProcessEvent } from './contexts.ts'
import { processes } from './contexts.ts'

/** A process and its state. */
export interface Run {
  readonly id: string
  readonly contexts: ProcessContexts
}

/** The process that the page shows; `undefined` until the server has sent its id. */
export const run = createStore<Run | undefined>(undefined)

/**
 * How the page receives the events of a process. `native`: on a channel of the page's only
 * connection. `duui`, by `?dialect=duui`: from a gateway's own socket, one per process.
 */
export const dialect =
  new URLSearchParams(location.search).get('dialect') === 'duui' ? 'duui' : 'native'

let unfollow = (): void => {}

/** Shows the server's current process, and then each following one. */
export function followProcesses(): void {
  sync(channels, PROCESSES, {
    load: async (signal) => ({
      state: await client.request<CurrentProcess>('process:current', undefined, { signal }),
    }),
    into: {
      reset: ({ id }) => show(id),
      fold: (events) => {
        for (const { payload } of events) show((payload as CurrentProcess).id)
      },
    },
    onError: noteError,
  }).start()
}

function show(id: string): void {
  const before = run.get()
  if (before?.id === id) return
  unfollow()
  const contexts = processes.scope(id)
  unfollow = dialect === 'duui' ? followGateway(id, contexts) : followChannel(id, contexts)
  run.set({ id, contexts })
  before?.contexts.dispose()
}

/** Follows a process on the page's connection: requests its timeline, and then receives events. */
function followChannel(id: string, contexts: ProcessContexts): () => void {
  return sync(channels, processChannel(id), {
    load: async (signal) => ({
      state: await client.request<DUUIEnvelope[]>('process:timeline', { id }, { signal }),
    }),
    into: {
      reset: (timeline) => {
        for (const { event, timestamp } of timeline) fold(contexts, event, timestamp)
      },
      fold: (events) => {
        for (const { payload, timestamp } of events) fold(contexts, payload as DUUIEvent, timestamp)
      },
    },
    onError: noteError,
  }).start()
}

/**
 * Folds an event once even if it is in the timeline and arrives live: the registry deduplicates by
 * id.
 */
function fold(contexts: ProcessContexts, event: DUUIEvent, timestamp?: number): void {
  contexts.dispatch(processEvent(event, timestamp), { id: event._id, timestamp })
}

/**
 * Follows a process on a gateway's socket, in the gateway's dialect; the socket first sends the
 * timeline.
 */
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
