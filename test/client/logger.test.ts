import { describe, expect, it, vi } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { debugLogger } from '../../src/base/logger.ts'
import { scripted } from '../support/scripted.ts'

describe('the logger of a client', () => {
  it('receives log lines without payloads and tokens', async () => {
    const lines: string[] = []
    const { clock, server, client } = scripted(
      { answer: () => 'secret reply' },
      { logger: (area, message) => lines.push(`${area} ${message}`), auth: () => 'secret token' },
    )
    new ChannelSubscriber(client).subscribe('news', () => {})
    void client.request('task:create', { title: 'secret payload' })
    await clock.advance(1)
    server.transport.last.send('nonsense')
    server.drop(4001, 'a\u001b[31m red\n line')
    await clock.advance(1)
    expect(lines).toEqual([
      'connection connecting',
      'requests the request task:create',
      'connection connecting',
      'connection connecting',
      'channels subscribe news',
      'connection open',
      'errors WirefoldError: A message could not be read: not JSON.',
      'connection waiting',
      'connection lost: 4001 a\\u001b[31m red\\n line',
    ])
    expect(lines.join()).not.toContain('secret')
  })

  it('is silent unless a debug setting enables it', () => {
    const print = vi.spyOn(console, 'debug').mockImplementation(() => {})
    expect(debugLogger('')).toBeUndefined()
    expect(debugLogger('other:*, wire')).toBeUndefined()
    for (const setting of ['*', 'wirefold:*', 'express wirefold:requests']) {
      debugLogger(setting)?.('requests', 'x')
    }
    debugLogger('wirefold:requests')?.('connection', 'not this')
    expect(print.mock.calls).toEqual(Array.from({ length: 3 }, () => ['wirefold:requests x']))
    print.mockRestore()
  })
})
