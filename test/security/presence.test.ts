import { describe, expect, it } from 'vitest'
import { RawClient, serve } from '../server/raw-client.ts'

const channel = 'presence:room'

async function made() {
  const served = await serve({
    authenticate: ({ token }) => (token ? { id: token, name: `the ${token}` } : null),
    authorize: () => true,
  })
  const client = (token: string, clientId = 'tab') =>
    RawClient.greeted(served.url, { token, clientId })
  const present = () => served.server.presence.getPresent('room')
  return { ...served, client, present }
}

describe('S16 presence', () => {
  it('takes the user from the session, not from fields of the client', async () => {
    const { client, present } = await made()
    const mallory = await client('mallory')
    const forged = {
      ...{ user: { id: 'anna', name: 'Anna' }, userId: 'anna', userName: 'Anna', id: 'anna' },
      ...{ name: 'Anna', owner: 'x', device: 'y', lastSeen: 1, devices: [{ id: 'z' }] },
    }
    const join = { type: 'presence:join', channel, ...forged, payload: { ...forged, meta: forged } }
    expect(await mallory.request(join)).toMatchObject({ type: 'reply' })
    const [user, ...others] = await present()
    expect(others).toEqual([])
    expect(user).toMatchObject({ id: 'mallory', name: 'the mallory', meta: forged })
    expect(user?.devices).toMatchObject([{ id: 'tab', meta: forged }])
  })

  it('does not let a client act for another user, even with an equal device id', async () => {
    const { client, present } = await made()
    const [anna, mallory] = [await client('anna', 'tab'), await client('mallory', 'tab')]
    await anna.request({ type: 'presence:join', channel, payload: { meta: 1 } })
    await mallory.request({ type: 'presence:leave', channel })
    await mallory.request({ type: 'presence:join', channel, payload: { meta: 2 } })
    await mallory.request({ type: 'presence:update', channel, payload: { meta: 3 } })
    await mallory.request({ type: 'presence:leave', channel })
    expect(await present()).toMatchObject([{ id: 'anna', meta: 1 }])
  })

  it('refuses a meta of more than 4 KiB of JSON, and registers nothing', async () => {
    const { client, present } = await made()
    const anna = await client('anna')
    for (const meta of ['x'.repeat(4095), { deep: ['€'.repeat(1365)] }]) {
      const answer = await anna.request({ type: 'presence:join', channel, payload: { meta } })
      expect(answer).toMatchObject({ type: 'error', payload: { code: 'too-large' } })
    }
    expect(await present()).toEqual([])
    const fits = { type: 'presence:join', channel, payload: { meta: 'x'.repeat(4094) } }
    expect(await anna.request(fits)).toMatchObject({ type: 'reply' })
  })

  it('refuses a meta that is nested too deep, and stores `__proto__` nowhere', async () => {
    const { client, present } = await made()
    const anna = await client('anna')
    const deep = `${'['.repeat(64)}${']'.repeat(64)}`
    anna.send(
      `{"type":"presence:join","channel":"${channel}","requestId":"1","payload":{"meta":${deep}}}`,
    )
    expect(await anna.next('error')).toMatchObject({ payload: { code: 'bad-frame' } })
    const text = '{"__proto__":{"admin":true},"constructor":{"prototype":1}}'
    anna.send(
      `{"type":"presence:join","channel":"${channel}","requestId":"2","payload":{"meta":${text}}}`,
    )
    await anna.next('reply')
    expect(JSON.stringify((await present())[0]?.meta)).toBe('{"constructor":{"prototype":1}}')
    expect(({} as { admin?: boolean }).admin).toBe(undefined)
  })

  it('reserves its event types: no client can publish them', async () => {
    const { client, server } = await made()
    const [mallory, ben] = [await client('mallory'), await client('ben')]
    await ben.subscribe(channel)
    await ben.next('presence:sync')
    const user = { id: 'anna', lastSeen: 1, devices: [] }
    for (const action of ['sync', 'join']) {
      const payload = { type: `presence:${action}`, payload: { user, users: [user] } }
      const answer = await mallory.request({ type: 'publish', channel, id: action, payload })
      expect(answer).toMatchObject({ type: 'error', payload: { code: 'bad-frame' } })
    }
    await expect(server.publish(channel, 'presence:sync', { users: [] })).rejects.toMatchObject({
      code: 'bad-option',
    })
    expect(() => server.handle('presence:join', () => {})).toThrow(/not a valid request type/)
    expect(await ben.settled()).toEqual([])
  })

  it('is refused to anonymous clients', async () => {
    const { client, present } = await made()
    const anonymous = await client('')
    const answer = await anonymous.request({ type: 'presence:join', channel })
    expect(answer).toMatchObject({ type: 'error', payload: { code: 'not-authenticated' } })
    expect(await present()).toEqual([])
  })
})
