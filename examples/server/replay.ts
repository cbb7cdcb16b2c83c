import { readFileSync } from 'node:fs'
import type { DUUIEnvelope } from 'wirefold/dialects/duui'

/** Options of a replay. */
export interface ReplayOptions {
  /** The file, with one envelope of one process per line. */
  readonly file: string
  /** Duration of a replayed run, in milliseconds. */
  readonly runMs: number
  /** Pause after a run, in milliseconds. */
  readonly pauseMs: number
  /** Called when a run begins, with the id of its process. */
  readonly started: (processId: string) => void
  /** Called with each envelope of the run. */
  readonly happened: (envelope: DUUIEnvelope) => void
}

/** Replays a recording repeatedly, each time as a new process with current timestamps. */
export class Replay {
  readonly #options: ReplayOptions
  readonly #lines: readonly string[]
  /** The id of the recorded process, and its first and last timestamp. */
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

  /** The id of the current process. */
  get processId(): string {
    return this.#processId
  }

  start(): void {
    this.#runs += 1
    this.#processId = `run-${this.#runs}-${Date.now().toString(36)}`
    this.#options.started(this.#processId)
    this.#emit(0, Date.now())
  }

  stop(): void {
    clearTimeout(this.#timer)
  }

  /** Emits the due envelopes of a run that began at `begun`, and sets a timer for the rest. */
  #emit(next: number, begun: number): void {
    for (let at = next; at < this.#lines.length; at++) {
      const envelope = this.#envelope(at, begun)
      const wait = envelope.timestamp - Date.now()
      // An envelope that was recorded late is emitted late: its timestamp has passed already.
      if (wait > 0) {
        this.#timer = setTimeout(() => this.#emit(at, begun), wait)
        return
      }
      this.#options.happened(envelope)
    }
    this.#timer = setTimeout(() => this.start(), this.#options.pauseMs)
  }

  /** Returns a recorded envelope with the id of the current process, and new event ids. */
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
