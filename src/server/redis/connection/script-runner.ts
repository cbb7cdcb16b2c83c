import { createHash } from 'node:crypto'
import { randomId } from '../../../base/ids.ts'
import type { RedisConnection } from './redis-connection.ts'
import { unavailable } from './unavailable.ts'

/** The most calls that may wait for their replies: a Redis that does not answer must not cost our memory. */
const MOST_PENDING = 10_000

/** A Lua script; made once, by {@link script}. */
export interface Script {
  readonly source: string
  readonly sha: string
}

/** Prepares a Lua script. See `era-script.ts` for what each finds in its arguments. */
export function script(source: string): Script {
  return { source, sha: createHash('sha1').update(source).digest('hex') }
}

/** Runs scripts by their digest, and by their text where Redis does not know them yet. */
export class ScriptRunner {
  readonly #connection: RedisConnection
  readonly #prefix: string
  #pending = 0

  /** @param prefix what all keys begin with */
  constructor(connection: RedisConnection, prefix: string) {
    this.#connection = connection
    this.#prefix = prefix
  }

  /** Runs a script; rejects with `unavailable` where too many wait for their replies. */
  async run(script: Script, ...args: readonly (string | number)[]): Promise<unknown> {
    if (this.#pending >= MOST_PENDING) throw unavailable()
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
