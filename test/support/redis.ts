import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { Redis as Redis5 } from 'ioredis5'
import { createClient } from 'redis'
import { createClient as createClient5 } from 'redis5'
import { afterAll, describe, it, onTestFinished, TestRunner } from 'vitest'

import type { RedisBrokerOptions, RedisConnector } from 'wirefold/server/redis'
import { createRedisBroker, ioredisClient, redisClient } from 'wirefold/server/redis'
import { freePort } from './free-port.ts'

const BINARY = process.env.WIREFOLD_REDIS_SERVER ?? 'redis-server'

function version(): string | undefined {
  try {
    return execFileSync(BINARY, ['--version'], { encoding: 'utf8' })
  } catch {
    return undefined
  }
}

const present = version() !== undefined
if (!present) {
  const message =
    `\n*** No ${BINARY}: everything about Redis is SKIPPED. Install it (Debian: apt-get install\n` +
    '*** redis-server), or name one in WIREFOLD_REDIS_SERVER.\n'
  if (process.env.CI) throw new Error(message)
  process.stderr.write(message)
}

/** A `describe` for tests that need Redis; skipped, with a warning, if there is none. */
export function describeWithRedis(name: string, define: () => void | Promise<void>): void {
  if (present) describe(name, define)
  else describe.skip(name, () => it('needs a redis-server', () => {}))
}

/** A Redis server of one test, which can be killed, frozen, and restarted with its saved data. */
export class RedisServer {
  readonly port: number
  readonly #args: readonly string[]
  readonly directory = mkdtempSync(join(tmpdir(), 'wirefold-redis-'))
  #process: ChildProcess | undefined

  private constructor(port: number, args: readonly string[]) {
    this.port = port
    this.#args = args
  }

  /** Starts a server with additional arguments. */
  static async start(...args: readonly string[]): Promise<RedisServer> {
    const server = new RedisServer(await freePort(), args)
    await server.start()
    return server
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`
  }

  async start(): Promise<void> {
    const args = ['--port', `${this.port}`, '--save', '', '--appendonly', 'no']
    const child = spawn(BINARY, [...args, '--dir', this.directory, ...this.#args], {
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    this.#process = child
    // No other code ends the child if the test run is aborted.
    const abandoned = (): void => void child.kill('SIGKILL')
    process.once('exit', abandoned)
    child.once('exit', () => process.off('exit', abandoned))
    await new Promise<void>((resolve, reject) => {
      child.stdout?.on('data', (data) => {
        if (String(data).includes('Ready to accept connections')) resolve()
      })
      child.once('exit', (code) => reject(new Error(`redis-server ended with ${code}.`)))
    })
  }

  /** Ends the server as a crash does. */
  async kill(): Promise<void> {
    const child = this.#process
    if (!child || child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }

  freeze(): void {
    this.#process?.kill('SIGSTOP')
  }

  thaw(): void {
    this.#process?.kill('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.kill()
    rmSync(this.directory, { recursive: true, force: true })
  }
}

/** Client library for Redis; most applications still use the previous major versions. */
export type Library = 'redis' | 'redis 5' | 'ioredis' | 'ioredis 5'

/** Every library, for tests that depend on one. */
export const LIBRARIES: readonly Library[] = ['redis', 'redis 5', 'ioredis', 'ioredis 5']

/** An application's Redis client of one library, and the function that ends it. */
export async function clientOf(url: string, library: Library = 'redis', name = 'test') {
  if (library === 'ioredis' || library === 'ioredis 5') {
    const options = { connectionName: name, retryStrategy: () => 50 }
    const client = library === 'ioredis' ? new Redis(url, options) : new Redis5(url, options)
    client.on('error', () => {})
    const command = ([word = '', ...args]: readonly string[]) => client.call(word, args)
    return { connector: ioredisClient(client), command, close: () => client.disconnect() }
  }
  const options = { url, name, socket: { reconnectStrategy: 50 } }
  const client = library === 'redis' ? createClient(options) : createClient5(options)
  client.on('error', () => {})
  await client.connect()
  const command = (args: readonly string[]): Promise<unknown> => client.sendCommand([...args])
  return { connector: redisClient(client), command, close: () => client.destroy() }
}

/** One Redis server for the suite or the calling test, and brokers on it; each test uses its own prefix. */
export async function redisBench() {
  const server = await RedisServer.start()
  const cleanups: (() => unknown)[] = []
  const inTest = () => TestRunner.getCurrentTest() !== undefined
  /** Runs the cleanup at the end of the calling test, or of the suite. */
  const atEnd = (cleanup: () => unknown): void => {
    if (inTest()) onTestFinished(async () => void (await cleanup()))
    else cleanups.push(cleanup)
  }
  let prefixes = 0
  const admin = await clientOf(server.url)
  const command = (...args: readonly string[]) => admin.command(args)
  const connect = async (library?: Library): Promise<RedisConnector> => {
    const { connector, close } = await clientOf(server.url, library)
    atEnd(close)
    return connector
  }
  /** Creates a broker with its own connections, as another process would have. */
  const broker = async (options: RedisBrokerOptions, library?: Library) => {
    const made = await createRedisBroker(await connect(library), { onError: () => {}, ...options })
    atEnd(() => made.close())
    return made
  }
  const end = async (): Promise<void> => {
    server.thaw()
    for (const cleanup of cleanups.splice(0).reverse()) await cleanup()
    admin.close()
    await server.stop()
  }
  // A bench created in a test belongs to that test.
  if (inTest()) onTestFinished(end)
  else afterAll(end)
  return { server, command, connect, broker, prefix: () => `test${++prefixes}` }
}
