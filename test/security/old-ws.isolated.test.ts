import { expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'

// As every version before 8.23.0: nothing in its options bounds the pongs that wait for a peer.
vi.mock('ws', () => ({
  WebSocketServer: class {
    readonly options = { noServer: true, maxPayload: 104_857_600, maxFragments: 16_384 }
  },
}))

it('S7 a server does not start on a version of ws with known vulnerabilities, and says which to install', async () => {
  const server = createRealtimeServer()
  onTestFinished(() => server.close())
  await expect(server.listen()).rejects.toMatchObject({
    code: 'bad-dependency',
    detail: { name: 'ws', needs: '>=8.23.0' },
    message: expect.stringContaining('npm install ws@">=8.23.0"'),
  })
})
