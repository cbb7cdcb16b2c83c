import { createHash } from 'node:crypto'
import { randomId } from '../../../base/ids.ts'
import type { Confirmation } from './confirmation.ts'
import type { OwnConnection } from './own-connection.ts'
import { unavailable } from './unavailable.ts'

/** Maximum number of calls in flight: bounds the memory while Redis does not reply. */
const MAX_PENDING = 10_000

/** Runs Lua scripts by their SHA-1 digest, or by source if Redis has not cached them yet. */
export class ScriptRunner {
  readonly #deps: ScriptRunnerDeps
  #pending = 0

  constructor(deps: ScriptRunnerDeps) {
    this.#deps = deps
  }

  /** Runs a script; rejects with `unavailable` if too many calls are in flight. */
  async run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    if (this.#pending >= MAX_PENDING) throw unavailable()
    const { connection, prefix, messages, confirmation } = this.#deps
    this.#pending += 1
    const rest = (): readonly string[] => {
      const common = [prefix, messages, randomId(), ...confirmation.words()]
      return ['1', `${prefix}:generation`, ...common, ...args.map(String)]
    }
    try {
      return await connection.command(() => ['EVALSHA', script.sha, ...rest()])
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await connection.command(() => ['EVAL', script.source, ...rest()])
    } finally {
      this.#pending -= 1
    }
  }
}

/** Dependencies of a {@link ScriptRunner}. */
export interface ScriptRunnerDeps {
  readonly connection: OwnConnection
  /** The prefix of all keys. */
  readonly prefix: string
  /** The prefix of all pub/sub channels. */
  readonly messages: string
  /** The last confirmed batch of this process. */
  readonly confirmation: Confirmation
}

/** A Lua script; made by {@link script}. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** Prepares a Lua script; `scripts/store-generation.ts` describes the common arguments. */
export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}
