import type { Clock } from '../base/clock.ts'
import { WirefoldError } from '../base/errors.ts'
import { SerialQueue } from '../base/serial-queue.ts'
import type { HttpServer } from '../server/http/claim-upgrades.ts'
import type { RealtimeServer } from '../server/realtime-server.ts'
import { settledWithin } from '../server/settled-within.ts'
import { sharedServer } from '../server/shared-server.ts'
import type { ModuleLoader } from './vite-types.ts'

/** Time within which the function `stop` of a worker has to end, in milliseconds. */
const STOP_MS = 5_000

/** The setup module and the workers, while a server of Vite runs. */
export class HostedModules {
  readonly #deps: HostedModulesDeps
  /** The steps of each module, by file: a worker that does not stop delays no other module. */
  readonly #queues: ReadonlyMap<string, SerialQueue>
  /** The running workers, by file, with the function that stops them if they export one. */
  readonly #workers = new Map<string, (() => unknown) | undefined>()
  #attached: RealtimeServer | undefined

  constructor(deps: HostedModulesDeps) {
    this.#deps = deps
    const files = [deps.setup, ...deps.workers]
    this.#queues = new Map(files.map((file) => [file, new SerialQueue(deps.failed)]))
  }

  /**
   * Evaluates all modules, and serves the shared server.
   *
   * @returns the errors of modules that failed; the others run
   */
  async start(): Promise<readonly unknown[]> {
    const errors: unknown[] = []
    const failed = (error: unknown): void => void errors.push(error)
    await this.#setUp().catch(failed)
    for (const worker of this.#deps.workers) await this.#startWorker(worker).catch(failed)
    return errors
  }

  /**
   * Evaluates modules again that have changed: the setup module replaces its former version, and a
   * worker is stopped before. Errors are logged.
   *
   * @param files the changed files, and those of all modules that import them
   */
  async reload(files: ReadonlySet<string>): Promise<void> {
    const { setup, workers } = this.#deps
    if (files.has(setup)) await this.#queued(setup, () => this.#setUp())
    const changed = workers.filter((file) => files.has(file))
    await Promise.all(
      changed.map((worker) => this.#queued(worker, () => this.#restartWorker(worker))),
    )
  }

  /** Stops the workers, and closes the server if it was attached here. */
  async stop(): Promise<void> {
    const { setup, workers } = this.#deps
    await Promise.all(workers.map((worker) => this.#queued(worker, () => this.#stopWorker(worker))))
    await this.#queued(setup, () => this.#attached?.close())
  }

  async #queued(file: string, step: () => void | Promise<void>): Promise<void> {
    await this.#queues.get(file)?.add(step)
  }

  async #setUp(): Promise<void> {
    const { loader, http, path, setup } = this.#deps
    await loader.ssrLoadModule(setup)
    const server = this.#shared()
    if (!http) return
    server.attach(http, path)
    this.#attached = server
  }

  /** Returns the server that the setup module shares; the error of one that shares none names it. */
  #shared(): RealtimeServer {
    const { path, setup } = this.#deps
    try {
      return sharedServer(path)
    } catch (cause) {
      const message = `The setup module ${setup} shares no server under "${path}". Call sharedServer("${path}", options) in it, or give the plugin the path that it uses.`
      throw new WirefoldError('bad-option', message, { option: 'path' }, { cause })
    }
  }

  async #startWorker(worker: string): Promise<void> {
    const { stop } = await this.#deps.loader.ssrLoadModule(worker)
    const stops = typeof stop === 'function'
    this.#workers.set(worker, stops ? () => Reflect.apply(stop, undefined, []) : undefined)
  }

  async #restartWorker(worker: string): Promise<void> {
    if (this.#workers.has(worker) && !this.#workers.get(worker)) {
      this.#deps.warn(
        `wirefold: the worker ${worker} has changed, and its former version still runs. Export a function "stop" from it, which ends what it has started, or restart Vite.`,
      )
      return
    }
    await this.#stopWorker(worker)
    await this.#startWorker(worker)
  }

  async #stopWorker(worker: string): Promise<void> {
    const stop = this.#workers.get(worker)
    this.#workers.delete(worker)
    if (!stop) return
    const { clock, failed, warn } = this.#deps
    const stopped = Promise.resolve().then(stop).catch(failed)
    if (await settledWithin(clock, STOP_MS, [stopped])) return
    warn(
      `wirefold: the function "stop" of the worker ${worker} has not ended within ${STOP_MS / 1_000} s. Vite goes on, and what the worker has started may still run.`,
    )
  }
}

/** The dependencies of {@link HostedModules}. */
export interface HostedModulesDeps {
  readonly loader: ModuleLoader
  readonly clock: Clock
  /** The server of Vite; `null` if the application has one of its own, which it attaches itself. */
  readonly http: HttpServer | null
  /** The path of the shared server. */
  readonly path: string
  /** File of the setup module. */
  readonly setup: string
  /** Files of the workers. */
  readonly workers: readonly string[]
  /** Receives the errors of modules that are evaluated again, or stopped. */
  readonly failed: (error: unknown) => void
  /** Receives warnings for developers. */
  readonly warn: (text: string) => void
}
