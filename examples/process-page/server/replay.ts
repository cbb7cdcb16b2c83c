import { readFileSync } from 'node:fs'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'

/** How a recording is replayed. */
export interface ReplayOptions {
  /** The file: one envelope of one process a line. */
  readonly file: string
  /** How long a run takes, in milliseconds, however long the recorded one did. */
  readonly runMs: number
  /** How long the end of a run stays, in milliseconds. */
  readonly pauseMs: number
  /** A run begins: the process has this id. */
  readonly started: (processId: string) => void
  /** Something happens in the run. */
  readonly happened: (envelope: DUUIEnvelope) => void
}

/** Replays a recording again and again, each time as a new process that happens now. */
export class Replay {
  readonly #options: ReplayOptions
  readonly #lines: readonly string[]
  /** The recorded process, and when it began and ended. */
  readonly #recorded: { readonly id: string; readonly from: number; readonly to: number }
  #runs = 0
  #processId = ''
  #timer: NodeJS.Timeout | undefined

  constructor(options: ReplayOptions) {
    this.#options = options
    this.#lines = readFileSync(options.file, 'utf8').trimEnd().split('\n')
    const envelopes = this.#lines.map(parse)
    const times = envelopes.map(({ timestamp }) => timestamp)
    const id = envelopes[0]?.event.process_id ?? ''
    this.#recorded = { id, from: Math.min(...times), to: Math.max(...times) }
  }

  /** The process that runs now. */
  get processId(): string {
    return this.#processId
  }

  start(): void {
    this.#runs += 1
    this.#processId = `run-${this.#runs}-${Date.now().toString(36)}`
    this.#options.started(this.#processId)
    this.#tell(0, Date.now())
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Tells whatever is due of a run that began at `begun`, and waits for the rest. */
  #tell(next: number, begun: number): void {
    for (let at = next; at < this.#lines.length; at++) {
      const envelope = this.#envelope(at, begun)
      const wait = envelope.timestamp - Date.now()
      // One that was recorded late is told late: its time is over already.
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#tell(at, begun), wait)
        return
      }
      this.#options.happened(envelope)
    }
    this.#timer = setTimeout(() => this.start(), this.#options.pauseMs)
  }

  /** A recorded envelope as one of the process that runs now; its event ids are new as well. */
  #envelope(at: number, begun: number): DUUIEnvelope {
    const { id, from, to } = this.#recorded
    const { timestamp, event } = parse(this.#lines[at]?.replaceAll(id, this.#processId) ?? '')
    const share = (timestamp - from) / (to - from)
    return { timestamp: Math.round(begun + share * this.#options.runMs), event }
  }
}

function parse(line: string): DUUIEnvelope {
  return JSON.parse(line)
}
