import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, PresenceManager, RealtimeClient } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { ManualClock, MemoryPair } from 'wirefold/testing'
import type { PeerChannels } from '../../support/peers/phoenix.ts'
import { PhoenixPeer } from '../../support/peers/phoenix.ts'

/** A client of a peer over a connection in memory, in virtual time. */
export function virtual(
  dialect: DialectFactory,
  application: PeerChannels,
  options: ClientOptions = {},
) {
  const clock = new ManualClock()
  const peer = new PhoenixPeer(application)
  const pair = new MemoryPair({
    clock,
    onConnect(end) {
      const { receive, closed } = peer.connect('ana', (message) =>
        end.send(message instanceof Uint8Array ? message.slice().buffer : JSON.stringify(message)),
      )
      end.onMessage = (text) => receive(JSON.parse(text))
      end.onBytes = receive
      end.onClose = closed
    },
  })
  const given = { transport: pair, clock, dialect, random: () => 0.5, ...options }
  const client = new RealtimeClient('ws://test/ws', given)
  const errors: unknown[] = []
  client.on('error', (error) => errors.push(error))
  const channels = new ChannelSubscriber(client, { lingerMs: 0 })
  const presence = new PresenceManager(channels, { throttleMs: 0 })
  return {
    ...{ clock, peer, pair, client, errors, channels, presence },
    /** Subscribes; returns the events and the statuses seen. */
    follow(name: string, params?: unknown) {
      const seen: unknown[] = []
      const statuses: string[] = []
      const subscription = channels.subscribe(
        name,
        (payload, { type }) => seen.push([type, payload]),
        params === undefined ? {} : { params },
      )
      subscription.status.subscribe(({ name: status }) => statuses.push(status))
      return { subscription, seen, statuses }
    },
    /** The users at a resource, as ids and metas. */
    watch(resource: string) {
      const users = presence.of(resource)
      users.subscribe(() => {})
      return () => users.get().map(({ id, meta, devices }) => [id, meta, devices.length])
    },
  }
}
