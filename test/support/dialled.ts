import type { ClientOptions } from 'wirefold'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import type { DialectFactory } from 'wirefold/dialects'
import { ManualClock, ScriptedPeer } from 'wirefold/testing'
import type { Fields } from '../../src/protocol/fields.ts'

/** A client of a dialect over a connection in memory; the test plays the server. */
export function dialled(
  dialect: DialectFactory,
  play: (message: Fields, send: (message: unknown) => void) => void = () => {},
  options: ClientOptions = {},
) {
  const clock = new ManualClock()
  const peer = new ScriptedPeer<Fields>({ clock, play })
  const { transport: pair, messages: sent, greetings } = peer
  const client = new RealtimeClient('ws://test/ws', {
    transport: pair,
    clock,
    dialect,
    random: () => 0.5,
    ...options,
  })
  const errors: unknown[] = []
  const notices: unknown[] = []
  client.on('error', (error) => errors.push(error))
  client.on('notice', (notice) => notices.push(notice))
  return {
    ...{ clock, pair, client, errors, notices, sent, greetings },
    channels: new ChannelSubscriber(client, { lingerMs: 0 }),
    /** Sends messages to the newest connection, and waits for their arrival. */
    async deliver(...messages: readonly unknown[]): Promise<void> {
      peer.send(...messages)
      await clock.advance(0)
    },
  }
}
