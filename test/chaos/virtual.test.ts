import { virtualSuite } from './virtual-suite.ts'

/** Number of seeds of the scenarios with 40 clients, and of the mix of all faults; else 2. */
const SEEDS: Readonly<Record<string, number>> = { storm: 1, deploy: 1, drain: 1, mixed: 30 }

// `test/peers/chaos` runs 200.
virtualSuite((scenario) => SEEDS[scenario] ?? 2)
