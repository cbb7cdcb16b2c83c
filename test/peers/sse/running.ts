import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { freePort } from '../../support/free-port.ts'
import { until } from '../../support/live.ts'
import { nginxCommand, nginxConfiguration } from '../nginx.ts'

/** A server in a process of its own, until the end of the test. */
export interface Running {
  readonly origin: string
  kill(): Promise<void>
  restart(): Promise<void>
}

/** Runs a server, which answers any request once it is ready; it has a folder of its own. */
async function running(
  prepare: (port: number, folder: string) => readonly [command: string, ...args: string[]],
): Promise<Running> {
  const folder = mkdtempSync(join(tmpdir(), 'wirefold-sse-'))
  const port = await freePort()
  const origin = `http://127.0.0.1:${port}`
  const [command, ...args] = prepare(port, folder)
  let stop = async (): Promise<void> => {}
  const start = async (): Promise<void> => {
    const child = spawn(command, args, { stdio: ['ignore', 'ignore', 'pipe'] })
    let printed = ''
    child.stderr.on('data', (chunk) => (printed += chunk))
    const exited = once(child, 'exit')
    stop = async () => {
      child.kill('SIGKILL')
      await exited
    }
    await until(async () => {
      if (child.exitCode !== null) throw new Error(`${command} ended:\n${printed}`)
      await fetch(`${origin}/`)
    })
  }
  onTestFinished(async () => {
    await stop()
    rmSync(folder, { recursive: true, force: true })
  })
  await start()
  return { origin, kill: () => stop(), restart: start }
}

/** Runs the server of `server.mjs` on the installed better-sse. */
export const betterSse = (modules: string): Promise<Running> =>
  running((port, folder) => [
    ...([process.execPath, 'test/peers/sse/server.mjs', modules] as const),
    ...([`${port}`, join(folder, 'history.jsonl')] as const),
  ])

/** The module of nginx, where Debian's package puts it. */
export const NCHAN = process.env.WIREFOLD_NCHAN ?? '/usr/lib/nginx/modules/ngx_nchan_module.so'

/** Runs nginx with nchan: a POST to `/pub/<channel>` publishes, `/sub/<channel>` is a stream. */
export const nchan = (): Promise<Running> =>
  running((port, folder) => {
    const file = join(folder, 'nginx.conf')
    const server = `
        server {
          listen 127.0.0.1:${port};
          if ($http_authorization != "Bearer t-ana") { return 401; }
          location = /sub/secret { return 403; }
          location ~ ^/sub/(.+)$ {
            nchan_subscriber eventsource;
            nchan_channel_id $1;
            nchan_subscriber_first_message newest;
          }
          location ~ ^/pub/(.+)$ {
            nchan_publisher;
            nchan_channel_id $1;
            nchan_message_buffer_length 50;
          }
        }`
    writeFileSync(file, nginxConfiguration(folder, server, `load_module ${NCHAN};`))
    return nginxCommand(file)
  })
