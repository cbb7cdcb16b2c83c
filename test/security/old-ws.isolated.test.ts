import { expect, it, onTestFinished, vi } from 'vitest'
import { createRealtimeServer } from 'wirefold/server'

// As in versions before 8.23.0, whose options do not limit the pongs queued for a peer.
vi.mock('ws', () => ({
  WebSocketServer: class {
    readonly options = { noServer: true, maxPayload: 104_857_600, maxFragments: 16_384 }
  },
}))

it('S7 a server does not start with a vulnerable version of ws, and names the required one', async () => {
  const server = createRealtimeServer()
  onTestFinished(() => server.close())
  await expect(server.listen()).rejects.toMatchObject({
    code: 'bad-dependency',
    detail: { name: 'ws', needs: '>=8.23.0' },
    message: expect.stringContaining('npm install ws@">=8.23.0"'),
  })
})
