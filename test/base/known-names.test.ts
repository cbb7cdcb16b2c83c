import { describe, expect, it } from 'vitest'
import {
  ChannelSubscriber,
  ContextRegistry,
  isWirefoldError,
  OptimisticManager,
  PresenceManager,
  RealtimeClient,
} from 'wirefold'
import { createRealtimeServer, MemoryBroker } from 'wirefold/server'
import { checkNames } from '../../src/base/known-names.ts'
import { scripted } from '../support/scripted.ts'

/** Runs code, and returns the hint of its bad-option error. */
function hintOf(run: () => unknown): string | undefined {
  try {
    run()
  } catch (error) {
    if (!isWirefoldError(error, 'bad-option')) throw error
    expect(error.message).toContain(`does not know the name ${error.detail.option}`)
    return /Use (.*)\.$/.exec(error.message)?.[1]
  }
  return undefined
}

describe('an unknown name', () => {
  it.each([
    ['reconnectInterval', 'backoff'],
    ['maxRetries', 'backoff'],
    ['reconnectionDelay', 'backoff'],
    ['pingInterval', 'heartbeat'],
    ['getToken', 'auth'],
    ['maxEnqueuedMessages', 'outbox'],
    ['sessionId', expect.stringMatching(/^one of dialect, codec, /)],
    ['queueLimit', 'outbox'],
    ['requestTimeout', 'requestTimeoutMs'],
    ['timeout', 'connectTimeoutMs'],
    ['websocket', 'WebSocket'],
    ['constructor', expect.stringMatching(/^one of dialect, /)],
  ])('%s among the options of a client is an error with the hint %s', (name, hint) => {
    expect(hintOf(() => new RealtimeClient('wss://host', { [name]: 1 }))).toEqual(hint)
  })

  it.each([
    ['message', 'ChannelSubscriber.subscribe()'],
    ['order:created', 'ChannelSubscriber.subscribe()'],
    ['connect', 'opened'],
    ['disconnect', 'dropped'],
    ['connect_error', 'error'],
    ['close', 'closed'],
    ['tick', 'one of opened, dropped, closed, failed, settled, notice, contract, error'],
  ])('%s among the events of a client is an error with the hint %s', (name, hint) => {
    const { client } = scripted()
    expect(hintOf(() => client.on(name as 'error', () => {}))).toBe(hint)
  })

  it.each([
    ['backoff', 'min', 'minMs'],
    ['heartbeat', 'interval', 'intervalMs'],
    ['outbox', 'ttl', 'ttlMs'],
  ])(
    'within the option %s of a client, as %s, is an error with the hint %s',
    (option, name, hint) => {
      const options = { [option]: { [name]: 1 } }
      expect(hintOf(() => new RealtimeClient('wss://host', options))).toBe(hint)
    },
  )

  it('is an error for every function with options', async () => {
    const { client } = scripted()
    const channels = new ChannelSubscriber(client)
    const odd = (name: string): object => ({ [name]: 1 })
    const presence = new PresenceManager(channels)
    const cases: readonly (readonly [hint: string, run: () => unknown])[] = [
      ['lingerMs', () => new ChannelSubscriber(scripted().client, odd('linger'))],
      ['onError', () => channels.subscribe('a', () => {}, odd('onerror'))],
      ['throttleMs', () => new PresenceManager(channels, odd('throttle'))],
      ['changed', () => presence.on('change' as 'changed', () => {})],
      ['dedupe', () => new ContextRegistry(odd('Dedupe'))],
      ['holdOwnBroadcastMs', () => new OptimisticManager(odd('holdOwnBroadcast'))],
      ['authenticate', () => createRealtimeServer(odd('onAuth'))],
      ['origins', () => createRealtimeServer(odd('cors'))],
      ['heartbeatMs', () => createRealtimeServer(odd('pingInterval'))],
      ['limits', () => createRealtimeServer(odd('maxPayload'))],
      ['frameBytes', () => createRealtimeServer({ limits: odd('frame') })],
      ['connections', () => createRealtimeServer({ limits: { perUser: odd('connection') } })],
      ['graceMs', () => createRealtimeServer({ presence: odd('grace') })],
      ['userDevices', () => new MemoryBroker({ presence: odd('userdevices') })],
      ['connected', () => createRealtimeServer().on('connect' as 'connected', () => {})],
    ]
    expect(cases.map(([, run]) => hintOf(run))).toEqual(cases.map(([hint]) => hint))
    // The calls that threw had no effect.
    expect(channels.size).toBe(0)
    const request = client.request('x', undefined, odd('timeout'))
    await expect(request).rejects.toMatchObject({
      code: 'bad-option',
      detail: { option: 'timeout' },
    })
  })

  it('is ignored if its value is undefined', () => {
    const given: Record<string, unknown> = { known: 1, unknown: undefined }
    expect(() => checkNames('It', given, { known: 0 })).not.toThrow()
  })
})
