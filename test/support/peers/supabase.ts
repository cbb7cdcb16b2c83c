import { onTestFinished } from 'vitest'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields, asString } from '../../../src/protocol/fields.ts'
import type { PeerChannels, PeerJoin } from './phoenix.ts'
import { type PhoenixPeer, packed } from './phoenix.ts'
import { PhoenixServer } from './phoenix-server.ts'

type ChangeType = 'INSERT' | 'UPDATE' | 'DELETE'

/** What a test may change of a project. */
export interface SupabaseRules {
  /** Whether the server listens to the database at once, or a test says when. */
  listens?: boolean
  /** The key of the project. */
  readonly apikey?: string
  /** The tokens that have expired. */
  readonly expired?: Set<string>
}

/** The channels of a project, and what a test makes its server do. */
export function supabaseChannels(rules: SupabaseRules = {}) {
  const { listens = true, expired = new Set<string>() } = rules
  /** The ids of the `postgres_changes` of each join; new ones for each. */
  const ids = new Map<PeerJoin, readonly { readonly id: number; readonly table: unknown }[]>()
  let lastId = 40_000_000

  const configOf = (join: PeerJoin): Fields => asFields(join.params.config)
  const flag = (join: PeerJoin, part: string, name: string): boolean =>
    asFields(configOf(join)[part])[name] === true
  const system = (join: PeerJoin, extension: string, status: string, message: string): void => {
    const channel = join.topic.replace('realtime:', '')
    join.push('system', { channel, extension, message, status })
  }
  const listen = (join: PeerJoin): void => {
    if (ids.get(join)?.length) system(join, 'postgres_changes', 'ok', 'Subscribed to PostgreSQL')
  }

  const channels: PeerChannels = {
    join(join) {
      const token = asString(join.params.access_token) ?? ''
      if (expired.has(token)) {
        return { error: { reason: 'InvalidJWTToken: Token has expired 1 seconds ago' } }
      }
      if (configOf(join).private === true) {
        const topic = join.topic.replace('realtime:', '')
        const reason = `Unauthorized: You do not have permissions to read from this Channel topic: ${topic}`
        return { error: { reason } }
      }
      const { postgres_changes: wanted } = configOf(join)
      const list: readonly unknown[] = Array.isArray(wanted) ? wanted : []
      const accepted = list.map((change) => ({
        ...asFields(change),
        table: asFields(change).table,
        id: ++lastId,
      }))
      ids.set(join, accepted)
      return { ok: { postgres_changes: accepted } }
    },
    joined(join, peer) {
      if (flag(join, 'presence', 'enabled')) {
        join.push('presence_state', peer.presences(join.topic))
      }
      if (listens) listen(join)
    },
    receive({ join, event, payload, reply }, peer) {
      const fields = asFields(payload)
      if (event === 'broadcast') {
        const { event: name, payload: body } = fields
        const isBytes = body instanceof Uint8Array
        const bytes = isBytes ? body : Buffer.from(JSON.stringify(body))
        const message = packed(4, [join.topic, String(name), ''], [isBytes ? 0 : 1], bytes)
        for (const other of peer.joinsOf(join.topic)) {
          if (other !== join || flag(join, 'broadcast', 'self')) other.send(message)
        }
        if (flag(join, 'broadcast', 'ack')) reply('ok')
      } else if (event === 'presence') {
        const key = asString(asFields(configOf(join).presence).key) || `random-${join.joinRef}`
        if (fields.event === 'track') peer.track(join, key, asFields(fields.payload))
        else peer.untrack(join)
        reply('ok')
      }
      // `access_token` is not answered.
    },
  }

  return {
    channels,
    expired,
    listen,
    system,
    /** Sends a change of a row to the joins that want it. */
    change(peer: PhoenixPeer, table: string, type: ChangeType, rows: Fields): void {
      for (const [join, accepted] of ids) {
        const of = accepted.filter((one) => one.table === table).map(({ id }) => id)
        if (!of.length || !peer.joinsOf(join.topic).includes(join)) continue
        const commit_timestamp = '2026-01-05T10:00:00.000Z'
        const names = Object.keys(asFields(rows.record ?? rows.old_record))
        const columns = names.map((name) => ({ name, type: 'text' }))
        const about = { schema: 'public', table, type, commit_timestamp, columns, errors: null }
        join.send([
          null,
          null,
          join.topic,
          'postgres_changes',
          { ids: of, data: { ...about, ...rows } },
        ])
      }
    },
    /** Ends the joins of a channel as the server does for a fault. */
    shutDown(peer: PhoenixPeer, channel: string, message: string): void {
      for (const join of peer.joinsOf(`realtime:${channel}`)) {
        system(join, 'system', 'error', message)
      }
      peer.end(`realtime:${channel}`, 'phx_close')
    },
  }
}

/** A project of Supabase Realtime, until the end of the test. */
export async function supabaseProject(rules: SupabaseRules = {}) {
  const { channels, change, shutDown, ...rest } = supabaseChannels(rules)
  const path = '/realtime/v1/websocket'
  const peer = new PhoenixServer(channels, path, (query) =>
    query.get('apikey') === (rules.apikey ?? 'anon') ? 'anon' : undefined,
  )
  await peer.listen()
  onTestFinished(() => peer.kill())
  const host = `ws://127.0.0.1:${peer.port}`
  return {
    ...rest,
    peer,
    endpoint: `${host}/realtime/v1`,
    url: host + path,
    change: (table: string, type: ChangeType, rows: Fields) => change(peer, table, type, rows),
    shutDown: (channel: string, message: string) => shutDown(peer, channel, message),
  }
}
