import { beforeAll } from 'vitest'
import { holdToTheSuite } from './hold-to-the-suite.ts'
import type { Outcomes } from './platform-run.ts'
import { runProgram } from './program.ts'

/** Before Node 22, its WebSocket requires a flag. */
const flags = typeof WebSocket === 'function' ? [] : ['--experimental-websocket']
let outcomes: Record<'standard' | 'reconnecting', Outcomes>

beforeAll(async () => {
  outcomes = JSON.parse(await runProgram('platform-run.ts', flags))
}, 600_000)

const excuses = { 'it drops a leading byte order mark': ['keeps a byte order mark'] }
for (const [transport, subject] of [
  ['standard', 'the default transport on Node’s own WebSocket'],
  ['reconnecting', 'reconnecting-websocket on Node’s own WebSocket'],
] as const) {
  holdToTheSuite(
    subject,
    async ({ name }) => {
      const wrong = outcomes[transport][name]
      if (wrong !== null) throw new Error(wrong ?? 'The program did not run this case.')
    },
    excuses,
  )
}
