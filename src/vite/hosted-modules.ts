import { SerialQueue } from '../base/serial-queue.ts'
import type { HttpServer } from '../server/http/claim-upgrades.ts'
import type { RealtimeServer } from '../server/realtime-server.ts'
import { sharedServer } from '../server/shared-server.ts'
import type { ModuleLoader } from './vite-types.ts'

/** The setup module and the workers, while a server of Vite runs. */
export class HostedModules {
  readonly #deps: HostedModulesDeps
  readonly #queue: SerialQueue
  /** The running workers, by file, with the function that stops them if they export one. */
  readonly #workers = new Map<string, (() => unknown) | undefined>()
  #attached: RealtimeServer | undefined

  constructor(deps: HostedModulesDeps) {
    this.#deps = deps
    this.#queue = new SerialQueue(deps.failed)
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
    if (files.has(setup)) await this.#queue.add(() => this.#setUp())
    for (const worker of workers.filter((file) => files.has(file))) {
      await this.#queue.add(() => this.#restartWorker(worker))
    }
  }

  /** Stops the workers, and closes the server if it was attached here. */
  async stop(): Promise<void> {
    for (const worker of this.#workers.keys()) await this.#queue.add(() => this.#stopWorker(worker))
    await this.#queue.add(() => this.#attached?.close())
  }

  async #setUp(): Promise<void> {
    const { loader, http, path, setup } = this.#deps
    await loader.ssrLoadModule(setup)
    const server = sharedServer(path)
    if (!http) return
    server.attach(http, path)
    this.#attached = server
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
    await stop?.()
  }
}

/** The dependencies of {@link HostedModules}. */
export interface HostedModulesDeps {
  readonly loader: ModuleLoader
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
