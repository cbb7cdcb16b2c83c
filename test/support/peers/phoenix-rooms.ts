import { onTestFinished } from 'vitest'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields } from '../../../src/protocol/fields.ts'
import type { PeerChannels, PeerEvent, PhoenixPeer } from './phoenix.ts'
import { type Authorize, PhoenixServer } from './phoenix-server.ts'

/**
 * An application of rooms: `lobby` tracks presence by itself, `track` and `untrack` do so in every
 * room, `secret:*` is refused.
 */
export const rooms: PeerChannels = {
  join({ topic, user, params }) {
    if (topic.startsWith('secret:')) return { error: { reason: 'unauthorized' } }
    if (params.crash === true) return { error: { reason: 'join crashed' } }
    const { last_seen: last = null } = params
    return { ok: topic === 'quiet' ? {} : { as: user, last } }
  },
  joined(join, peer) {
    if (join.topic === 'quiet') return
    join.push('presence_state', peer.presences(join.topic))
    if (join.topic !== 'lobby') return
    peer.track(join, join.user, { online_at: 1_700_000_000, device: join.params.device ?? 'web' })
  },
  receive: (event, peer) => void react(event, peer),
}

/** Carries out an event of a client. */
function react({ join, event, payload, reply }: PeerEvent, peer: PhoenixPeer): void {
  const fields = asFields(payload)
  switch (event) {
    case 'shout':
      peer.broadcast(join.topic, 'shout', { ...fields, by: join.user })
      reply('ok', { n: 1 })
      break
    case 'divide':
      if (fields.b === 0) reply('error', { reason: 'division by zero' })
      else reply('ok', { q: Number(fields.a) / Number(fields.b) })
      break
    case 'status':
    case 'track':
      peer.track(join, join.user, { ...asFields(join.tracked?.meta), ...fields })
      reply('ok')
      break
    case 'untrack':
      peer.untrack(join)
      reply('ok')
      break
    case 'upload':
      join.push('uploaded', payload)
      reply('ok', payload)
      break
    case 'silent':
      break
    default:
      reply('error', {})
  }
}

/** Accepts tokens such as `t-ana`, of the query or of a subprotocol. */
const authorize: Authorize = (query, request) => {
  const { 'sec-websocket-protocol': protocols } = request.headers
  const [, offered = ''] = String(protocols).split('base64url.bearer.phx.')
  const token = query.get('token') ?? Buffer.from(offered, 'base64url').toString()
  return query.get('vsn') === '2.0.0' && token.startsWith('t-') ? token.slice(2) : undefined
}

/** A server of rooms, until the end of the test. */
export async function phoenixRooms(changes: Partial<PeerChannels> = {}) {
  const peer = new PhoenixServer({ ...rooms, ...changes }, '/socket/websocket', authorize)
  await peer.listen()
  onTestFinished(() => peer.kill())
  const host = `ws://127.0.0.1:${peer.port}`
  return { peer, endpoint: `${host}/socket`, url: `${host}/socket/websocket` }
}

/** The events that a peer has received on a topic, with their payloads. */
export function eventsOn(peer: PhoenixPeer, topic: string): readonly (readonly unknown[])[] {
  const messages = peer.received as readonly (readonly [unknown, unknown, string, string, Fields])[]
  return messages.filter(([, , to]) => to === topic).map(([, , , ...rest]) => rest)
}
