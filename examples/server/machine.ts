import { availableParallelism, freemem, loadavg, totalmem } from 'node:os'
import { monitorEventLoopDelay } from 'node:perf_hooks'
import type { Figures } from '../process-page/shared.ts'
import { KEPT_FIGURES } from '../process-page/shared.ts'

/** Sampling interval of the event-loop delay, in milliseconds. */
const RESOLUTION_MS = 10

/** Measures this machine once a second. */
export class Machine {
  readonly #delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS })
  readonly #past: Figures[] = []
  readonly #timer: NodeJS.Timeout

  /** @param onFigures receives every measurement */
  constructor(onFigures: (figures: Figures) => void) {
    this.#delay.enable()
    this.#timer = setInterval(() => onFigures(this.#measure()), 1_000)
  }

  /** The figures of the last minute, the newest last. */
  get past(): readonly Figures[] {
    return this.#past
  }

  stop(): void {
    clearInterval(this.#timer)
    this.#delay.disable()
  }

  #measure(): Figures {
    const total = totalmem()
    const [load = 0] = loadavg()
    const figures: Figures = {
      kind: 'Figures',
      at: Date.now(),
      load,
      cores: availableParallelism(),
      memory: { used: total - freemem(), total },
      // The histogram holds the time between two samples; the excess over the resolution is the
      // delay.
      delayMs: Math.max(0, this.#delay.max / 1e6 - RESOLUTION_MS),
    }
    this.#delay.reset()
    this.#past.push(figures)
    if (this.#past.length > KEPT_FIGURES) this.#past.shift()
    return figures
  }
}
