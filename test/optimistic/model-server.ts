import type { FarEnd, ManualClock } from 'wirefold/testing'
import { MemoryPair } from 'wirefold/testing'
import { asFields, asString, asStrings, type Fields, isFields } from '../../src/protocol/fields.ts'

/** A task as the server keeps it; `made` names the creation, for life. */
export interface Task {
  readonly id: string
  readonly made: string
  readonly title: string
  readonly note: string
}

export const CHANNEL = 'entity:Task'

interface Asked {
  readonly message: Fields
  asker: Peer
  answer: Fields | undefined
}

/** One client, as the server sees it: nothing reaches it before the test lets it. */
export interface Peer {
  readonly transport: MemoryPair
  end: FarEnd | undefined
  subscribed: boolean
  readonly events: Fields[]
  readonly replies: Fields[]
}

/**
 * A literal server of one list of tasks: it carries out what it is asked when the test says so, and
 * delivers events (in order) and replies (in any order) when the test says so.
 */
export class ModelServer {
  readonly rows = new Map<string, Task>()
  readonly peers: Peer[] = []
  /** Requests that were not carried out yet. */
  readonly waiting: Asked[] = []
  /** Which values a field of a task has had, in the order the server took them. */
  readonly taken = new Map<string, string[]>()
  readonly #clock: ManualClock
  readonly #asked = new Map<string, Asked>()
  readonly #history: Fields[] = []
  #forgotten = 0
  #ids = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  get place() {
    return { epoch: 'e1', offset: this.#history.length }
  }

  join(): Peer {
    const transport = new MemoryPair({
      clock: this.#clock,
      onConnect: (end) => {
        peer.end = end
        peer.subscribed = false
        peer.events.length = 0
        peer.replies.length = 0
        end.onMessage = (text) => {
          const parsed: unknown = JSON.parse(text)
          for (const message of Array.isArray(parsed) ? parsed : [parsed]) {
            if (peer.end === end && isFields(message)) this.#read(peer, message)
          }
        }
      },
    })
    const peer: Peer = { transport, end: undefined, subscribed: false, events: [], replies: [] }
    this.peers.push(peer)
    return peer
  }

  /** Forgets the events so far: who was away has missed them. */
  trim(): void {
    this.#forgotten = this.#history.length
  }

  /** Carries out one of the requests that wait, each client's in order unless `any`; `reject` refuses it. */
  carryOut(index: number, reject: boolean, any = false): void {
    const askers = this.waiting.map(({ asker }) => asker)
    const next = this.waiting.filter(({ asker }, at) => any || askers.indexOf(asker) === at)
    const asked = next[index % Math.max(1, next.length)]
    if (!asked) return
    this.waiting.splice(this.waiting.indexOf(asked), 1)
    const { message } = asked
    const requestId = message.requestId
    const payload = asFields(message.payload)
    try {
      if (reject) throw new Error('no-luck')
      const row = this.#apply(asString(message.type) ?? '', payload, message.id)
      const at = [{ channel: CHANNEL, ...this.place }]
      asked.answer = { type: 'reply', requestId, payload: row, at }
    } catch (error) {
      const code = error instanceof Error ? error.message : ''
      asked.answer = { type: 'error', requestId, payload: { code, message: code } }
    }
    asked.asker.replies.push(asked.answer)
  }

  /** Delivers the next event to a client. */
  deliverEvent(peer: Peer): void {
    const event = peer.events.shift()
    if (event) peer.end?.send(JSON.stringify(event))
  }

  /** Delivers one of the replies that are due to a client. */
  deliverReply(peer: Peer, index: number): void {
    const [reply] = peer.replies.splice(index % Math.max(1, peer.replies.length), 1)
    if (reply) peer.end?.send(JSON.stringify(reply))
  }

  #apply(type: string, payload: Fields, eventId: unknown): Task | null {
    const token = String(payload.token)
    if (type === 'create') {
      const id = `t${++this.#ids}`
      const row = { id, made: token, title: token, note: token }
      this.rows.set(id, row)
      this.#take(id, ['title', 'note'], token)
      this.#publish('entity:created', row, eventId)
      return row
    }
    const before = this.rows.get(String(payload.id))
    if (!before) throw new Error('not-found')
    if (type === 'delete') {
      this.rows.delete(before.id)
      const gone = { id: before.id, entityName: 'Task', data: null, userId: 'u' }
      this.#publish('entity:deleted', gone, eventId)
      return null
    }
    const fields = asStrings(payload.fields)
    const changed = Object.fromEntries(fields.map((field) => [field, token]))
    const row = { ...before, ...changed }
    this.rows.set(row.id, row)
    this.#take(row.id, fields, token)
    // Every other event has the changed fields only.
    const data = this.#history.length % 2 === 0 ? row : changed
    const wrapped = { id: row.id, entityName: 'Task', data, userId: 'u' }
    this.#publish('entity:updated', wrapped, eventId)
    return row
  }

  #take(id: string, fields: readonly string[], token: string): void {
    for (const field of fields) {
      const values = this.taken.get(`${id}.${field}`) ?? []
      this.taken.set(`${id}.${field}`, [...values, token])
    }
  }

  #publish(type: string, payload: unknown, id: unknown): void {
    const offset = this.#history.length + 1
    const event = { type, channel: CHANNEL, payload, id, offset }
    this.#history.push(event)
    for (const peer of this.peers) if (peer.subscribed) peer.events.push(event)
  }

  #read(peer: Peer, message: Fields): void {
    const { type, requestId } = message
    const send = (answer: unknown): void => peer.end?.send(JSON.stringify(answer))
    if (type === 'hello') send({ type: 'welcome', payload: { connectionId: 'c', userId: 'u' } })
    else if (type === 'ping') send({ type: 'pong', payload: { timestamp: message.timestamp } })
    else if (type === 'subscribe') {
      peer.subscribed = true
      const since = resumedAt(asFields(message.payload).since)
      const gaps = since !== undefined && since < this.#forgotten ? [CHANNEL] : []
      const { epoch, offset } = this.place
      send({
        type: 'subscribed',
        requestId,
        payload: { at: { [CHANNEL]: [epoch, offset] }, gaps },
      })
      if (since !== undefined && gaps.length === 0) peer.events.push(...this.#history.slice(since))
    } else if (typeof requestId === 'string') this.#ask(peer, requestId, message)
  }

  /** Carried out once, however often it is asked. */
  #ask(peer: Peer, requestId: string, message: Fields): void {
    const known = this.#asked.get(requestId)
    if (!known) {
      const asked = { message, asker: peer, answer: undefined }
      this.#asked.set(requestId, asked)
      this.waiting.push(asked)
    } else if (known.answer) peer.replies.push(known.answer)
  }
}

function resumedAt(since: unknown): number | undefined {
  const [group] = Array.isArray(since) ? since : []
  const [, places] = Array.isArray(group) ? group : []
  return Array.isArray(places) ? Number(places[1]) : undefined
}
