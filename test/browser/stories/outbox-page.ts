import {
  bindList,
  ChannelSubscriber,
  OptimisticManager,
  RealtimeClient,
  systemClock,
} from '../../../src/entries/index.ts'
import { indexedDbStorage } from '../../../src/entries/indexeddb.ts'

/*
 * The page of the outbox stories: a client over IndexedDB. Its address says what it is to be:
 *
 * user    who is signed in
 * ahead   how far its clock is ahead, in milliseconds, so that no story waits for the end of a lease
 * ask     asks so many times, and reports when that is stored
 * settle  connects, and reports when so many requests are settled
 *
 * The last two are for a browser that cannot be driven.
 */

const query = new URLSearchParams(location.search)
const aheadMs = Number(query.get('ahead'))
const user = query.get('user')

const told: string[] = []
const client = new RealtimeClient(`ws://${location.host}/ws`, {
  // The page is served over plain http on purpose: its origin is no secure one.
  allowInsecure: true,
  backoff: { minMs: 50, initialMs: 100, maxMs: 500 },
  outbox: { storage: indexedDbStorage() },
  ...(user ? { auth: () => user } : {}),
  clock: { ...systemClock, wall: () => Date.now() + aheadMs },
})
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error)
client.on('settled', ({ request: question, error }) =>
  told.push(error ? codeOf(error) : question.requestId),
)
client.on('error', (error) => told.push(codeOf(error)))

/** The notes and their pending mutations; made when a story asks, since it connects. */
function makeBoard() {
  const notes = bindList(new ChannelSubscriber(client), 'notes', {
    load: async () => ({ state: await client.request<readonly Note[]>('list') }),
    onError: () => {},
  })
  const optimistic = new OptimisticManager({
    client,
    api: {
      create: (_, data, { ask }) => ask('add', data),
      update: (_, id, data, { ask }) => ask('add', { id, data }),
      delete: (_, id, { ask }) => ask('add', { id }),
    },
  })
  const view = optimistic.view(notes)
  view.subscribe(() => {})
  return { view, create: (text: string) => optimistic.create<Note>('Note', { text }, notes) }
}

let made: ReturnType<typeof makeBoard> | undefined
const board = () => {
  made ??= makeBoard()
  return made
}

interface Note {
  readonly id: string
  readonly text: string
}

/** What the test does with the page. */
export interface OutboxPage {
  /** Creates a note once there is no connection, and waits until it is kept. */
  write(text: string): Promise<void>
  /** The notes that the page shows, each with a question mark while it is pending. */
  notes(): readonly string[]
  /** Asks for something `count` times once there is no connection, and waits until all of it is kept. */
  ask(count: number): Promise<void>
  /** Asks once with that many characters; returns `ok`, or the code and the name of the cause. */
  outcome(size: number): Promise<string>
  connect(): void
  queued(): number
  /** How many pages have requests that no other may send. */
  leases(): Promise<number>
  told(): readonly string[]
  /** What a page from an insecure origin has to do without. */
  missing(): readonly string[]
}

const page: OutboxPage = {
  async ask(count) {
    while (client.state.get().name === 'open') await soon()
    for (let n = 0; n < count; n++) client.request('add', n).catch(() => {})
    while (client.pending.get().queued < count) await soon()
    await written()
  },
  async write(text) {
    while (client.state.get().name === 'open') await soon()
    board()
      .create(text)
      .catch(() => {})
    while (client.pending.get().queued < 1) await soon()
    await written()
  },
  notes: () =>
    board()
      .view.get()
      .map(({ text, _optimistic }) => `${text}${_optimistic ? '?' : ''}`),
  outcome: (size) =>
    client.request('add', noise(size)).then(
      () => 'ok',
      (error) => `${codeOf(error)} ${(error as { cause?: Error }).cause?.name}`,
    ),
  connect: () => void client.connect().catch(() => {}),
  queued: () => client.pending.get().queued,
  async leases() {
    const stores = await transaction('readonly')
    const request = stores.objectStore('leases').count()
    await completed(stores)
    return request.result
  },
  told: () => told,
  missing: () => [
    ...(isSecureContext ? [] : ['secure context']),
    ...('locks' in navigator ? [] : ['locks']),
    ...('randomUUID' in crypto ? [] : ['randomUUID']),
  ],
}

/** A text that no browser can compress when it stores it. */
function noise(size: number): string {
  const parts: string[] = []
  for (let left = size; left > 0; left -= 60_000) {
    const bytes = crypto.getRandomValues(new Uint8Array(Math.min(left, 60_000)))
    parts.push(String.fromCharCode(...bytes.map((byte) => 32 + (byte & 63))))
  }
  return parts.join('')
}

function soon(): Promise<void> {
  return new Promise((done) => setTimeout(done, 5))
}

/** Waits for a transaction behind all those under way. */
async function written(): Promise<void> {
  await completed(await transaction('readwrite'))
}

/** Begins a transaction of its own on what the client has stored. */
function transaction(mode: IDBTransactionMode): Promise<IDBTransaction> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('wirefold')
    open.onerror = () => reject(open.error)
    open.onsuccess = () => resolve(open.result.transaction(['requests', 'leases'], mode))
  })
}

function completed(transaction: IDBTransaction): Promise<void> {
  return new Promise((resolve) => {
    transaction.oncomplete = () => {
      transaction.db.close()
      resolve()
    }
  })
}

const toAsk = Number(query.get('ask'))
const toSettle = Number(query.get('settle'))
if (toAsk > 0) page.ask(toAsk).then(() => report(`asked ${toAsk}`))
if (toSettle > 0) {
  page.connect()
  settled(toSettle).then(() => report(`settled ${toSettle}`))
}

async function settled(wanted: number): Promise<void> {
  while (told.length < wanted) await soon()
}

async function report(text: string): Promise<void> {
  await fetch('/report', { method: 'POST', body: text })
}

Object.assign(globalThis, { page })
