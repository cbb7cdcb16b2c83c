import type { RealtimeClient } from 'wirefold'
import { createStore } from 'wirefold'
import type { Fault } from '../../page/faults.ts'
import { requestFault } from '../../page/server-address.ts'
import type { Positions } from '../shared.ts'

/** The switches of a network, with the faults that turn each on and off. */
export const SWITCHES = {
  cut: ['cut', 'join'],
  freeze: ['freeze', 'thaw'],
  slow: ['slow', 'fast'],
  reject: ['reject', 'accept'],
} as const satisfies Readonly<Record<keyof Positions, readonly [on: Fault, off: Fault]>>

/** The name of a switch. */
export type SwitchName = keyof typeof SWITCHES

const OFF: Positions = { cut: false, freeze: false, slow: false, reject: false }

/** The faults of one person's network, which the demo's server causes. */
export class NetworkSwitches {
  readonly positions = createStore(OFF)
  readonly #id: string
  readonly #client: RealtimeClient

  /** @param id identifies the person's sockets */
  constructor(id: string, client: RealtimeClient) {
    this.#id = id
    this.#client = client
  }

  /** Turns a switch on or off; it stays where it is if the demo has ended. */
  async turn(name: SwitchName, on: boolean): Promise<void> {
    const [start, end] = SWITCHES[name]
    try {
      await requestFault(on ? start : end, this.#id)
    } catch {
      return
    }
    this.show({ ...this.positions.get(), [name]: on })
    // As a platform does that reports its network: the next attempt is made now.
    if (name === 'cut' && !on) this.#client.connect().catch(() => {})
  }

  /** Shows the positions that the server has: it also turns switches off by itself. */
  show(positions: Positions): void {
    this.positions.set(positions)
  }
}

/** Closes the server, as for a deployment; it starts again by itself. */
export async function restartServer(): Promise<void> {
  await requestFault('restart-document').catch(() => {})
}
