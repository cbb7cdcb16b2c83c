import { RealtimeClient } from '../../src/index.ts'
import { indexedDbStorage } from '../../src/storage/indexeddb.ts'

/*
 * The page of outbox.test.ts: a client over IndexedDB on a clock that may be faster than the world's,
 * so that a lease of thirty seconds is over soon. `?user=` and `?speed=` tell what is wanted.
 */

const query = new URLSearchParams(location.search)
const speed = Number(query.get('speed') ?? 1)
const user = query.get('user')
/** Where all pages' clocks start. */
const START_MS = Number(query.get('start') ?? 0)

const told: string[] = []
const client = new RealtimeClient(`ws://${location.host}/ws`, {
  backoff: { minMs: 1_000, initialMs: 2_000, maxMs: 10_000 },
  // What the faster clock leaves of them would be too short for a busy machine.
  connectTimeoutMs: 200_000,
  heartbeat: false,
  outbox: { storage: indexedDbStorage() },
  ...(user ? { auth: () => user } : {}),
  clock: {
    now: () => performance.now() * speed,
    wall: () => START_MS + (Date.now() - START_MS) * speed,
    after(ms, run) {
      const timer = setTimeout(run, Math.min(ms / speed, 2 ** 31 - 1))
      return () => clearTimeout(timer)
    },
  },
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
    client.request('add', 'x'.repeat(size), { timeoutMs: 300_000 }).then(
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
