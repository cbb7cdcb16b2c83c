import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync } from 'node:fs'
import { connect as dial } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, it, onTestFinished } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { fastapi } from '../../dialects/json/shapes.ts'
import { freePort } from '../../support/free-port.ts'
import { connect, until } from '../../support/live.ts'
import { hasPython, PYTHON } from '../python.ts'

const isPresent = hasPython(
  'starlette, uvicorn, websockets',
  'python3-starlette uvicorn python3-websockets',
)

/** A server of Starlette until the end of the test, which can be killed and started again. */
async function starlette() {
  const folder = mkdtempSync(join(tmpdir(), 'wirefold-starlette-'))
  const file = join(folder, 'events.json')
  const port = await freePort()
  const start = async () => {
    const child = spawn(PYTHON, ['test/peers/json/server.py', `${port}`, file], {
      stdio: ['ignore', 'inherit', 'inherit'],
    })
    const exited = once(child, 'exit')
    await until(async () => {
      const socket = dial(port, '127.0.0.1')
      await once(socket, 'connect').finally(() => socket.destroy())
    })
    return async () => {
      child.kill('SIGKILL')
      await exited
    }
  }
  let kill = await start()
  onTestFinished(async () => {
    await kill()
    rmSync(folder, { recursive: true, force: true })
  })
  return {
    url: `ws://127.0.0.1:${port}/ws`,
    kill: () => kill(),
    forget: () => rmSync(file),
    restart: async () => {
      kill = await start()
    },
  }
}

describe.skipIf(!isPresent)('a hand-written server on Starlette', () => {
  it('serves a client: credentials, channels, requests, publishes, errors', async () => {
    const { url } = await starlette()
    const { client, errors } = connect(url, { dialect: fastapi, auth: () => 'ada' })
    const channels = new ChannelSubscriber(client)
    const seen: unknown[] = []
    await channels.subscribe('room:1', (payload) => seen.push(payload)).ready
    expect(client.userId).toBe('ada')
    const secret = channels.subscribe('room:secret', () => {})
    await expect(secret.ready).rejects.toMatchObject({ code: 'forbidden' })
    expect(await client.request('double', 21)).toBe(42)
    await expect(client.request('triple', 1)).rejects.toMatchObject({ code: 'unknown-method' })
    await client.publish('room:1', 'said', 'hi')
    await until(() => expect(seen).toEqual(['hi']))
    expect(errors).toEqual([])
    const refused = connect(url, { dialect: fastapi, auth: () => 'wrong' })
    await expect(refused.client.connect()).rejects.toMatchObject({ code: 'failed' })
  })

  it('loses and repeats no event when it is killed and restarted', async () => {
    const server = await starlette()
    const { client } = connect(server.url, {
      ...{ dialect: fastapi, backoff: { minMs: 2_000, initialMs: 2_000, maxMs: 2_000 } },
    })
    const channels = new ChannelSubscriber(client)
    const seen: unknown[] = []
    const room = channels.subscribe('room:1', (payload) => seen.push(payload))
    await room.ready
    await client.publish('room:1', 'said', 1)
    await until(() => expect(seen).toEqual([1]))
    await server.kill()
    await until(() => expect(client.state.get().name).not.toBe('open'))
    await server.restart()
    const other = connect(server.url, { dialect: fastapi }).client
    await other.publish('room:1', 'said', 2)
    await until(() => expect(seen).toEqual([1, 2]))
    await other.publish('room:1', 'said', 3)
    await until(() => expect(seen).toEqual([1, 2, 3]))
    expect(room.status.get().name).toBe('live')
  })

  it('shows a gap when it has lost its events', async () => {
    const server = await starlette()
    const { client } = connect(server.url, { dialect: fastapi })
    const room = new ChannelSubscriber(client).subscribe('room:1', () => {})
    await room.ready
    await server.kill()
    server.forget()
    await server.restart()
    await until(() =>
      expect(room.status.get()).toMatchObject({ name: 'gap', reason: 'epoch-changed' }),
    )
  })
})
