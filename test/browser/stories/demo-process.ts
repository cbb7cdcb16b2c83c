import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** The exit code or signal of a process. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The demo in its own process; `build-demo.ts` has built its pages. */
export interface DemoProcess {
  readonly url: string
  /** Sends SIGTERM, and returns the exit. */
  stop(): Promise<Exit>
}

/** Serves the demo on a free port; rejects with its output if it exits first. */
export async function startDemo(env: Readonly<Record<string, string>>): Promise<DemoProcess> {
  const script = fileURLToPath(new URL('../../../examples/serve.js', import.meta.url))
  // Without NODE_ENV, as for a user of the demo.
  const child = spawn(process.execPath, [script], {
    env: { ...process.env, NODE_ENV: undefined, PORT: '0', ...env },
  })
  const exited = once(child, 'exit').then(([code, signal]): Exit => ({ code, signal }))
  let printed = ''
  const url = await new Promise<string>((resolve, reject) => {
    const read = (chunk: Buffer): void => {
      printed += chunk
      const found = /http:\/\/\S+/.exec(printed)
      if (found) resolve(found[0])
    }
    child.stdout.on('data', read)
    child.stderr.on('data', read)
    exited.then(() => reject(new Error(`The demo did not start. Is dist/ built?\n${printed}`)))
  })
  return {
    url,
    async stop() {
      child.kill('SIGTERM')
      return exited
    },
  }
}
