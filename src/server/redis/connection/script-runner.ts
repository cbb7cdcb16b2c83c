import { createHash } from 'node:crypto'
import { randomId } from '../../../base/ids.ts'
import type { RedisConnection } from './redis-connection.ts'
import { unavailable } from './unavailable.ts'

/** Maximum number of calls in flight: bounds the memory while Redis does not reply. */
const MAX_PENDING = 10_000

/** Runs Lua scripts by their SHA-1 digest, or by source if Redis has not cached them yet. */
export class ScriptRunner {
  readonly #connection: RedisConnection
  readonly #prefix: string
  #pending = 0

  /** @param prefix the prefix of all keys */
  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
  }

  /** Runs a script; rejects with `unavailable` if too many calls are in flight. */
  async run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    if (this.#pending >= MAX_PENDING) throw unavailable()
    this.#pending += 1
    const rest = ['1', `${this.#prefix}:era`, this.#prefix, randomId(), ...args.map(String)]
    try {
      return await this.#connection.command(['EVALSHA', script.sha, ...rest])
    } catch (error) {
      if (!(error instanceof Error && error.message.startsWith('NOSCRIPT'))) throw error
      return await this.#connection.command(['EVAL', script.source, ...rest])
    } finally {
      this.#pending -= 1
    }
  }
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
