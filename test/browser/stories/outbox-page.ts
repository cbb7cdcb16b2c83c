import {
  bindList,
  ChannelSubscriber,
  OptimisticManager,
  RealtimeClient,
  systemClock,
} from '../../../src/entries/index.ts'
import { indexedDbStorage } from '../../../src/entries/indexeddb.ts'

/*
 * The page of the outbox stories: a client over IndexedDB, with these query parameters:
 *
 * user     id of the user
 * ahead    offset of its clock in milliseconds, so that no story waits for the end of a lease
 * request  sends this number of requests, and reports when they are stored
 * settle   connects, and reports when this number of requests is settled
 *
 * The last two are for a browser without a driver.
 */

const query = new URLSearchParams(location.search)
const aheadMs = Number(query.get('ahead'))
const user = query.get('user')

const outcomes: string[] = []
const client = new RealtimeClient(`ws://${location.host}/ws`, {
  // The page is served over plain HTTP on purpose: its origin is not a secure context.
  allowInsecure: true,
  backoff: { minMs: 50, initialMs: 100, maxMs: 500 },
  outbox: { storage: indexedDbStorage() },
  ...(user ? { auth: () => user } : {}),
  clock: { ...systemClock, wall: () => Date.now() + aheadMs },
})
const codeOf = (error: unknown): string => (error as { code?: string }).code ?? String(error)
client.on('settled', ({ request, error }) =>
  outcomes.push(error ? codeOf(error) : request.requestId),
)
client.on('error', (error) => outcomes.push(codeOf(error)))

/** Creates the list of notes and their pending mutations; on first use, since it connects. */
function makeBoard() {
  const notes = bindList(new ChannelSubscriber(client), 'notes', {
    load: async () => ({ state: await client.request<readonly Note[]>('list') }),
    onError: () => {},
  })
  const optimistic = new OptimisticManager({
    client,
    api: {
      create: (_, data, { request }) => request('add', data),
      update: (_, id, data, { request }) => request('add', { id, data }),
      delete: (_, id, { request }) => request('add', { id }),
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

/** The functions of the page that the test calls. */
export interface OutboxPage {
  /** Creates a note once the client is disconnected, and waits until its request is stored. */
  write(text: string): Promise<void>
  /** Returns the notes that the page shows, with a question mark if they are pending. */
  notes(): readonly string[]
  /** Sends `count` requests once the client is disconnected, and waits until all are stored. */
  request(count: number): Promise<void>
  /**
   * Sends a request with that many characters; returns `ok`, or the code and the name of the cause.
   */
  outcome(size: number): Promise<string>
  connect(): void
  queued(): number
  /** Returns the number of pages that own stored requests. */
  leases(): Promise<number>
  outcomes(): readonly string[]
  /** Returns the features that a page from an insecure origin lacks. */
  missing(): readonly string[]
}

const page: OutboxPage = {
  async request(count) {
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
  outcomes: () => outcomes,
  missing: () => [
    ...(isSecureContext ? [] : ['secure context']),
    ...('locks' in navigator ? [] : ['locks']),
    ...('randomUUID' in crypto ? [] : ['randomUUID']),
  ],
}

/** Returns a text that no browser can compress when it stores it. */
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

/** Waits for a transaction after all pending ones. */
async function written(): Promise<void> {
  await completed(await transaction('readwrite'))
}

/** Begins a transaction on the client's database. */
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

const toRequest = Number(query.get('request'))
const toSettle = Number(query.get('settle'))
if (toRequest > 0) page.request(toRequest).then(() => report(`stored ${toRequest}`))
if (toSettle > 0) {
  page.connect()
  settledRequests(toSettle).then(() => report(`settled ${toSettle}`))
}

async function settledRequests(wanted: number): Promise<void> {
  while (outcomes.length < wanted) await soon()
}

async function report(text: string): Promise<void> {
  await fetch('/report', { method: 'POST', body: text })
}

Object.assign(globalThis, { page })
