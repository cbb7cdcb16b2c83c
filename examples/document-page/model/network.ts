import type { RealtimeClient } from 'wirefold'
import { createStore } from 'wirefold'
import type { Fault } from '../../page/faults.ts'
import { FREEZE_MS } from '../../page/faults.ts'
import { requestFault } from '../../page/server-address.ts'

/** The switches of a network, with the faults that turn each on and off. */
export const SWITCHES = {
  cut: ['cut', 'join'],
  freeze: ['freeze', 'thaw'],
  slow: ['slow', 'fast'],
  reject: ['reject', 'accept'],
} as const satisfies Readonly<Record<string, readonly [on: Fault, off: Fault]>>

/** The name of a switch. */
export type SwitchName = keyof typeof SWITCHES

/** The positions of all switches. */
export type Positions = Readonly<Record<SwitchName, boolean>>

const OFF: Positions = { cut: false, freeze: false, slow: false, reject: false }

/** The faults of one person's network, which the demo's server causes. */
export class NetworkSwitches {
  readonly positions = createStore(OFF)
  readonly #id: string
  readonly #client: RealtimeClient
  #thaw: ReturnType<typeof setTimeout> | undefined

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
    this.#set(name, on)
    // As a platform does that reports its network: the next attempt is made now.
    if (name === 'cut' && !on) this.#client.connect().catch(() => {})
    if (name !== 'freeze') return
    clearTimeout(this.#thaw)
    // The server thaws by itself after this time.
    if (on) this.#thaw = setTimeout(() => this.#set('freeze', false), FREEZE_MS)
  }

  /** Notes that the server has refused an edit: the switch is off then. */
  rejected(): void {
    this.#set('reject', false)
  }

  #set(name: SwitchName, on: boolean): void {
    this.positions.set({ ...this.positions.get(), [name]: on })
  }
}

/** Closes the server, as for a deployment; it starts again by itself. */
export async function restartServer(): Promise<void> {
  await requestFault('restart-document').catch(() => {})
}
