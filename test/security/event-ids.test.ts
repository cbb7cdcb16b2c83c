import { describe, expect, it } from 'vitest'
import type { Broker } from 'wirefold/server'
import { MemoryBroker } from 'wirefold/server'
import type { Message } from '../server/raw-client.ts'
import { RawClient, serve } from '../server/raw-client.ts'

const people = {
  authenticate: ({ token }: { readonly token: string | undefined }) =>
    token === undefined ? null : { id: token },
  authorize: () => true,
}

/** The tag that a server puts before the ids of a client that greets like this. */
async function tagOf(url: string, hello: object) {
  return (await RawClient.greeted(url, hello)).tag
}

describe('the id of an event', () => {
  const forged = [
    { type: 'publish', channel: 'a', payload: { type: 'said' } },
    { type: 'say', payload: 'by a request' },
    { type: 'relay', payload: 'by other code, from the context' },
  ]
  it.each(forged)('cannot be that of another user: $type', async (message: Message) => {
    const { server, url } = await serve(people)
    server.handle('say', (_, { publish }) => publish('a', 'said'))
    server.handle('relay', (_, { id }) => server.publish('a', 'said', null, { id: `${id}` }))
    const ada = await RawClient.greeted(url, { token: 'ada' })
    const eve = await RawClient.greeted(url, { token: 'eve' })
    await ada.subscribe('a')
    ada.send({ ...message, requestId: 'r', id: 'c:1' })
    const { id } = await ada.next('said')
    expect(id).toBe(`${ada.tag}c:1`)
    await ada.next('reply')
    for (const stolen of ['c:1', id ?? '']) {
      eve.send({ ...message, requestId: `r${stolen}`, id: stolen })
      const event = await ada.next('said')
      expect(event.id).toBe(`${eve.tag}${stolen}`)
      expect(event.id?.startsWith(ada.tag)).toBe(false)
    }
  })

  it('stays none where the client gives none', async () => {
    const { url } = await serve(people)
    const client = await RawClient.greeted(url)
    await client.subscribe('a')
    client.send({ type: 'publish', channel: 'a', payload: { type: 'said' } })
    expect(await client.next('said')).not.toHaveProperty('id')
  })
})

describe('the tag of a user', () => {
  it('is the same on every connection, and on every server of a broker', async () => {
    const broker = new MemoryBroker()
    const [one, other] = [await serve({ ...people, broker }), await serve({ ...people, broker })]
    for (const hello of [{ token: 'ada' }, { senderId: 's1' }]) {
      const tag = await tagOf(one.url, hello)
      expect(tag).toMatch(/^[\w-]{16}:$/)
      expect(await tagOf(one.url, { ...hello, clientId: 'another' })).toBe(tag)
      expect(await tagOf(other.url, hello)).toBe(tag)
    }
  })

  it('is another one for every user, sender, and connection without either', async () => {
    const { url } = await serve(people)
    const hellos = [{ token: 'ada' }, { token: 'eve' }, { senderId: 'ada' }, { senderId: 'eve' }]
    const tags = []
    for (const hello of [...hellos, {}, {}]) tags.push(await tagOf(url, hello))
    expect(new Set(tags).size).toBe(6)
  })

  it('does not show which user it is: another broker has another secret', async () => {
    const servers = [await serve(people), await serve(people)]
    const tags = []
    for (const { url } of servers) tags.push(await tagOf(url, { token: 'ada' }))
    expect(new Set(tags).size).toBe(2)
  })

  it('is the same on every connection to a server whose broker has no secret', async () => {
    const memory = new MemoryBroker()
    const broker: Broker = {
      replies: memory.replies,
      presence: memory.presence,
      publish: (channels, event, reply) => memory.publish(channels, event, reply),
      subscribe: (...what) => memory.subscribe(...what),
      head: (...what) => memory.head(...what),
      since: (...what) => memory.since(...what),
      close: () => memory.close(),
    }
    const { url } = await serve({ ...people, broker })
    expect(await tagOf(url, { token: 'ada' })).toBe(await tagOf(url, { token: 'ada' }))
  })
})
