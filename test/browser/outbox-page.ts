import { RealtimeClient, systemClock } from '../../src/index.ts'
import { indexedDbStorage } from '../../src/storage/indexeddb.ts'

/*
 * The page of outbox.test.ts: a client over IndexedDB. `?user=` is who it is, and `?ahead=` for how long
 * it has been waiting to be opened, in milliseconds, so that nobody has to wait for the end of a lease.
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
client.on('settled', ({ question, error }) => told.push(error ? codeOf(error) : question.requestId))
client.on('error', (error) => told.push(codeOf(error)))

/** What the test does with the page. */
export interface OutboxPage {
  /** Asks for something `count` times once there is no connection, and waits until all of it is kept. */
  ask(count: number): Promise<void>
  /** Asks once and tells what came of it: `ok`, or the code and the name of the cause. */
  outcome(size: number): Promise<string>
  connect(): void
  queued(): number
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
  outcome: (size) =>
    client.request('add', 'x'.repeat(size)).then(
      () => 'ok',
      (error) => `${codeOf(error)} ${(error as { cause?: Error }).cause?.name}`,
    ),
  connect: () => void client.connect().catch(() => {}),
  queued: () => client.pending.get().queued,
  told: () => told,
  missing: () => [
    ...(isSecureContext ? [] : ['secure context']),
    ...('locks' in navigator ? [] : ['locks']),
    ...('randomUUID' in crypto ? [] : ['randomUUID']),
  ],
}

function soon(): Promise<void> {
  return new Promise((done) => setTimeout(done, 5))
}

/** Waits for a transaction behind all those under way. */
function written(): Promise<void> {
  return new Promise((resolve, reject) => {
    const open = indexedDB.open('wirefold')
    open.onerror = () => reject(open.error)
    open.onsuccess = () => {
      const transaction = open.result.transaction('requests', 'readwrite')
      transaction.oncomplete = () => {
        open.result.close()
        resolve()
      }
    }
  })
}

Object.assign(globalThis, { page })
