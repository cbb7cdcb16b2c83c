import { ChannelSubscriber, PresenceManager, RealtimeClient } from 'wirefold'
import type { Broker, MountSession, RealtimeServerOptions } from 'wirefold/server'
import { MemoryBroker, nativeMount } from 'wirefold/server'
import type { FarEnd } from 'wirefold/testing'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import type { ServerParts } from '../../src/server/server-parts.ts'
import { partsOf } from '../server/wired.ts'

const REQUEST = { headers: {}, url: '/', query: new URLSearchParams(), params: new Map() }

/** Delays of a broker, in milliseconds: of events to servers, and of presence reads. */
export interface Delays {
  readonly deliver: number
  readonly present: number
}

/** A broker with the latency of another machine. */
function distant(broker: Broker, clock: ManualClock, { deliver, present }: Delays): Broker {
  const wait = (ms: number) => new Promise<void>((resolve) => clock.after(ms, resolve))
  const { presence } = broker
  return {
    replies: broker.replies,
    presence: {
      reachMs: presence.reachMs,
      join: (...what) => presence.join(...what),
      update: (...what) => presence.update(...what),
      leave: (...what) => presence.leave(...what),
      touch: (...what) => presence.touch(...what),
      sweep: () => presence.sweep(),
      present: async (resource) => {
        const result = await presence.present(resource)
        await wait(present)
        return result
      },
    },
    publish: (...what) => broker.publish(...what),
    subscribe: (name, listener) => {
      let turn = Promise.resolve()
      return broker.subscribe(name, {
        broken: (head) => listener.broken(head),
        event: (event) => {
          const arrived = wait(deliver)
          turn = turn.then(() => arrived).then(() => listener.event(event))
        },
      })
    },
    head: (name) => broker.head(name),
    since: (...what) => broker.since(...what),
    close: () => broker.close(),
  }
}

/** Servers that share a broker, and their clients, in memory on one virtual clock. */
export function town(options: RealtimeServerOptions = {}, delays?: Delays) {
  const clock = new ManualClock()
  const near = new MemoryBroker({ clock })
  const broker = delays ? distant(near, clock, delays) : near
  const errors: unknown[] = []
  const build = () =>
    partsOf({
      ...{ clock, broker, onError: (error) => errors.push(error) },
      authenticate: ({ token }) => (token ? { id: token, name: token } : null),
      ...options,
    })
  /** The server that accepts new connections. */
  let open = build()
  const sessions = new Map<MountSession, { readonly end: FarEnd; readonly core: ServerParts }>()

  const connect = (end: FarEnd): void => {
    const close = (code: number, reason = ''): void => {
      session.closed()
      sessions.delete(session)
      end.close(code, reason)
    }
    const socket = {
      ...{ bufferedAmount: 0, close },
      send: (text: string) => end.send(text),
      sendDroppable: (text: string) => {
        end.send(text)
        return true
      },
      drained: () => undefined,
      // The platform answers pings unless the connection is frozen.
      ping: () => {
        if (!end.frozen) session.alive?.()
      },
    }
    const session: MountSession = nativeMount().open(socket, REQUEST, open.host)
    sessions.set(session, { end, core: open })
    end.onMessage = (text) => session.text(text, text.length)
    end.onClose = () => {
      session.closed()
      sessions.delete(session)
    }
  }

  return {
    clock,
    errors,
    /** A client of a user, with the changes that it received. */
    client(token: string) {
      const pair = new MemoryPair({ clock, latencyMs: 1, onConnect: connect })
      const client = new RealtimeClient('ws://town/', {
        ...{ transport: pair, clock, random: () => 0.5, auth: () => token },
      })
      const presence = new PresenceManager(new ChannelSubscriber(client))
      const changes: string[] = []
      presence.on('changed', ({ kind, user: { id } }) => changes.push(`${kind} ${id}`))
      client.on('error', (error) => errors.push(error))
      return { client, presence, changes, pair }
    },
    /** Drops a client's connection, as a crash of its process does. */
    disconnect: (pair: MemoryPair) => pair.last.close(1006),
    /** Starts another server for new connections, and drains the former one. */
    async handOver(windowMs = 4_000) {
      const former = open
      open = build()
      const notice = { kind: 'goaway', deadlineMs: 10_000, windowMs, reason: '' } as const
      const leaving = [...sessions].filter(([, { core }]) => core === former)
      const dismiss = (session: MountSession, end: FarEnd): void => {
        session.closed()
        sessions.delete(session)
        end.close(1012)
      }
      for (const [session, { end }] of leaving) session.drain?.(notice, () => dismiss(session, end))
      await clock.advance(10_000)
      // Connections that did not receive the goaway are closed at the deadline.
      for (const [session, { end }] of leaving) if (sessions.has(session)) dismiss(session, end)
      former.leases.close()
    },
    /** Returns the users at a resource from the store. */
    present: async (resource: string) => (await near.presence.present(resource)).users,
  }
}
