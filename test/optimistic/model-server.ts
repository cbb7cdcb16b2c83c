import type { FarEnd, ManualClock } from 'wirefold/testing'
import { MemoryPair } from 'wirefold/testing'
import { asFields, asString, asStrings, type Fields, isFields } from '../../src/protocol/fields.ts'

/** A task as stored by the server; `made` identifies its creation. */
export interface Task {
  readonly id: string
  readonly made: string
  readonly title: string
  readonly note: string
}

export const CHANNEL = 'entity:Task'

interface Request {
  readonly message: Fields
  sender: Peer
  answer: Fields | undefined
}

/** One client as seen by the server; the test delivers its events and replies. */
export interface Peer {
  readonly transport: MemoryPair
  end: FarEnd | undefined
  subscribed: boolean
  readonly events: Fields[]
  readonly replies: Fields[]
}

/**
 * A model of a server with one list of tasks. The test decides when it carries out a request, and
 * when it delivers events (in order) and replies (in any order).
 */
export class ModelServer {
  readonly rows = new Map<string, Task>()
  readonly peers: Peer[] = []
  /** Requests that are not carried out yet. */
  readonly waiting: Request[] = []
  /** The values of each field of a task, in the order in which the server applied them. */
  readonly taken = new Map<string, string[]>()
  readonly #clock: ManualClock
  readonly #requests = new Map<string, Request>()
  readonly #history: Fields[] = []
  #forgotten = 0
  #ids = 0

  constructor(clock: ManualClock) {
    this.#clock = clock
  }

  get position() {
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

  /** Forgets all events so far, so that disconnected clients miss them. */
  trim(): void {
    this.#forgotten = this.#history.length
  }

  /** Carries out a waiting request, in order per client unless `any`; `reject` refuses it. */
  carryOut(index: number, reject: boolean, any = false): void {
    const senders = this.waiting.map(({ sender }) => sender)
    const next = this.waiting.filter(({ sender }, at) => any || senders.indexOf(sender) === at)
    const request = next[index % Math.max(1, next.length)]
    if (!request) return
    this.waiting.splice(this.waiting.indexOf(request), 1)
    const { message } = request
    const requestId = message.requestId
    const payload = asFields(message.payload)
    try {
      if (reject) throw new Error('no-luck')
      const row = this.#apply(asString(message.type) ?? '', payload, message.id)
      const at = [{ channel: CHANNEL, ...this.position }]
      request.answer = { type: 'reply', requestId, payload: row, at }
    } catch (error) {
      const code = error instanceof Error ? error.message : ''
      request.answer = { type: 'error', requestId, payload: { code, message: code } }
    }
    request.sender.replies.push(request.answer)
  }

  /** Delivers the next event to a client. */
  deliverEvent(peer: Peer): void {
    const event = peer.events.shift()
    if (event) peer.end?.send(JSON.stringify(event))
  }

  /** Delivers one of the pending replies of a client. */
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
    // Every other event contains only the changed fields.
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
      const { epoch, offset } = this.position
      send({
        type: 'subscribed',
        requestId,
        payload: { at: { [CHANNEL]: [epoch, offset] }, gaps },
      })
      if (since !== undefined && gaps.length === 0) peer.events.push(...this.#history.slice(since))
    } else if (typeof requestId === 'string') this.#accept(peer, requestId, message)
  }

  /** Carries out a request once, even if it is repeated. */
  #accept(peer: Peer, requestId: string, message: Fields): void {
    const known = this.#requests.get(requestId)
    if (!known) {
      const request = { message, sender: peer, answer: undefined }
      this.#requests.set(requestId, request)
      this.waiting.push(request)
    } else if (known.answer) peer.replies.push(known.answer)
  }
}

function resumedAt(since: unknown): number | undefined {
  const [group] = Array.isArray(since) ? since : []
  const [, positions] = Array.isArray(group) ? group : []
  return Array.isArray(positions) ? Number(positions[1]) : undefined
}
