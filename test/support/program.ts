import type { ChildProcess } from 'node:child_process'
import { fork } from 'node:child_process'
import { onTestFinished } from 'vitest'
import type { Commands } from './commands.ts'

interface Pending {
  readonly resolve: (answer: string) => void
  readonly reject: (error: Error) => void
}

/** A process that carries out commands, until the end of the test that started it. */
export class Program<Known extends Commands> {
  readonly #child: ChildProcess
  readonly #name: string
  readonly #pending = new Map<number, Pending>()
  #calls = 0
  #stopped = false

  /** @param file a file that calls `carryOut` */
  constructor(file: string, args: readonly string[] = []) {
    this.#name = file
    this.#child = fork(file, args)
    this.#child.on('message', (message) => {
      const text = String(message)
      const { id }: { id: number } = JSON.parse(text)
      this.#take(id)?.resolve(text)
    })
    this.#child.once('exit', (code, signal) => {
      if (this.#stopped) return
      const error = new Error(`${this.#name} ended before its test did: ${signal ?? code}.`)
      for (const id of [...this.#pending.keys()]) this.#take(id)?.reject(error)
    })
    onTestFinished(() => this.stop())
  }

  /** Runs a command; rejects if it failed or the process has ended. */
  call<Name extends keyof Known & string>(
    name: Name,
    ...[argument]: Parameters<Known[Name]>
  ): Promise<Awaited<ReturnType<Known[Name]>>> {
    const id = ++this.#calls
    const answer = new Promise<Awaited<ReturnType<Known[Name]>>>((resolve, reject) => {
      this.#pending.set(id, {
        resolve: (text) => {
          const { result, error } = JSON.parse(text)
          if (error === undefined) resolve(result)
          else reject(new Error(`${name} failed in ${this.#name}: ${error}`))
        },
        reject,
      })
      this.#child.send(JSON.stringify({ id, name, argument }), (error) => {
        if (error) this.#take(id)?.reject(error)
      })
    })
    // A failing test does not await its other calls.
    answer.catch(() => {})
    return answer
  }

  #take(id: number): Pending | undefined {
    const pending = this.#pending.get(id)
    this.#pending.delete(id)
    return pending
  }

  /** Suspends the process, as a machine without time for it does. */
  freeze(): void {
    this.#child.kill('SIGSTOP')
  }

  /** Continues a suspended process. */
  thaw(): void {
    this.#child.kill('SIGCONT')
  }

  /** Kills the process. */
  async stop(): Promise<void> {
    this.#stopped = true
    const child = this.#child
    if (child.exitCode !== null || child.signalCode !== null) return
    const gone = new Promise((resolve) => child.once('exit', resolve))
    child.kill('SIGKILL')
    await gone
  }
}
