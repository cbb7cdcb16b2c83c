import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'

/** How a process ended. */
export interface Exit {
  readonly code: number | null
  readonly signal: NodeJS.Signals | null
}

/** The demo in a process of its own; `build-demo.ts` has built its pages. */
export interface DemoProcess {
  readonly url: string
  /** Asks it to end, and tells how it did. */
  stop(): Promise<Exit>
}

/** Serves the demo on a free port; rejects with what it printed where it ends instead. */
export async function startDemo(env: Readonly<Record<string, string>>): Promise<DemoProcess> {
  const script = fileURLToPath(new URL('../../../examples/serve.js', import.meta.url))
  // Not as a test: what it makes of the environment is to be as it is for whoever starts it.
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
