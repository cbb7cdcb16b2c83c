import { connect } from 'node:net'
import { describe, expect, it } from 'vitest'
import { RealtimeServer } from 'wirefold/server'
import { deferred, RawClient } from './raw-client.ts'

// Alone in its file, so that resources opened meanwhile belong to this test.
const resources = () => process.getActiveResourcesInfo().filter((name) => name !== 'Immediate')

/** Returns the resources that are open now and were not before. */
function added(before: readonly string[]): string[] {
  const known = [...before]
  return resources().filter((name) => {
    const at = known.indexOf(name)
    if (at >= 0) known.splice(at, 1)
    return at < 0
  })
}

describe('a server that closed', () => {
  it('leaves nothing that keeps the process alive', async () => {
    const before = resources()
    const server = new RealtimeServer({ onError: () => {} })
    expect(added(before)).toEqual([])
    const { url, port } = await server.listen()
    const idle = connect(port, '127.0.0.1')
    idle.on('error', () => {})
    const never = deferred<void>()
    server.handle('never', () => never.promise)
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    client.send({ type: 'never', requestId: 'r' })
    await server.publish('a', 'x')
    await RawClient.open(url)
    await client.next('x')
    expect(added(before)).toContain('TCPServerWrap')
    await server.close()
    await client.closed
    // libuv closes the handles of sockets in later turns of the event loop.
    for (let turn = 0; turn < 50; turn++) await new Promise(setImmediate)
    expect(added(before)).toEqual([])
  })
})
