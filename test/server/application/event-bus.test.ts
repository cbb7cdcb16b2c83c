import { describe, expect, it, vi } from 'vitest'
import { EventBus, publishEvent } from 'wirefold/server'

interface Agent {
  readonly id: number
  readonly name: string
}

interface Events {
  'agent:created': Agent
  'agent:deleted': { readonly id: number }
}

describe('an event bus', () => {
  it('calls the subscribers of a type only, in order', async () => {
    const bus = new EventBus<Events>()
    const listener: string[] = []
    bus.subscribe('agent:created', ({ name }) => listener.push(`first ${name}`))
    bus.subscribe('agent:created', ({ name }) => listener.push(`second ${name}`))
    bus.subscribe('agent:deleted', ({ id }) => listener.push(`deleted ${id}`))
    await bus.publish('agent:created', { id: 1, name: 'Ada' })
    expect(listener).toEqual(['first Ada', 'second Ada'])
  })

  it('continues after a subscriber that throws or rejects, and reports both', async () => {
    const onError = vi.fn()
    const bus = new EventBus<Events>({ onError })
    const listener = vi.fn()
    bus.subscribe('agent:created', () => {
      throw new Error('thrown')
    })
    bus.subscribe('agent:created', () => Promise.reject(new Error('rejected')))
    bus.subscribe('agent:created', listener)
    await bus.publish('agent:created', { id: 1, name: 'Ada' })
    expect(listener).toHaveBeenCalledOnce()
    expect(onError.mock.calls.map(([error]) => error.message)).toEqual(['thrown', 'rejected'])
  })

  it('does nothing without subscribers', async () => {
    await expect(new EventBus<Events>().publish('agent:deleted', { id: 1 })).resolves.toBe(
      undefined,
    )
  })

  it('removes a subscriber once, and only that one', async () => {
    const bus = new EventBus<Events>()
    const listener = vi.fn()
    const off = bus.subscribe('agent:deleted', listener)
    bus.subscribe('agent:deleted', listener)
    off()
    off()
    await bus.publish('agent:deleted', { id: 1 })
    expect(listener).toHaveBeenCalledOnce()
  })

  it('calls the subscribers at the time of the publish, even if they change meanwhile', async () => {
    const bus = new EventBus<Events>()
    const late = vi.fn()
    const early = vi.fn()
    bus.subscribe('agent:deleted', () => {
      bus.subscribe('agent:deleted', late)
      off()
    })
    const off = bus.subscribe('agent:deleted', early)
    await bus.publish('agent:deleted', { id: 1 })
    expect(late).not.toHaveBeenCalled()
    expect(early).toHaveBeenCalledOnce()
  })

  it('awaits the promises of its subscribers', async () => {
    const bus = new EventBus<Events>()
    const order: string[] = []
    bus.subscribe('agent:deleted', async () => {
      await Promise.resolve()
      order.push('done')
    })
    await bus.publish('agent:deleted', { id: 1 })
    order.push('published')
    expect(order).toEqual(['done', 'published'])
  })

  it('accepts types named like members of Object.prototype', async () => {
    const bus = new EventBus()
    const listener = vi.fn()
    bus.subscribe('__proto__', listener)
    await bus.publish('constructor', 1)
    await bus.publish('__proto__', 2)
    expect(listener.mock.calls).toEqual([[2]])
  })
})

describe('a function whose result is an event', () => {
  it('publishes it once, after success, and returns it unchanged', async () => {
    const bus = new EventBus<Events>()
    const order: string[] = []
    bus.subscribe('agent:created', ({ name }) => order.push(`published ${name}`))
    const made = { id: 1, name: 'Ada' }
    const create = publishEvent(bus, 'agent:created', async (name: string) => {
      order.push(`create ${name}`)
      return made
    })
    expect(await create('Ada')).toBe(made)
    expect(order).toEqual(['create Ada', 'published Ada'])
  })

  it('publishes nothing if it throws, rejects, or returns undefined', async () => {
    const bus = new EventBus<Events>()
    const listener = vi.fn()
    bus.subscribe('agent:created', listener)
    const broken = publishEvent(bus, 'agent:created', (): Agent => {
      throw new Error('no')
    })
    const rejected = publishEvent(bus, 'agent:created', async (): Promise<Agent> => {
      throw new Error('no')
    })
    const absent = publishEvent(bus, 'agent:created', (): Agent | null => null)
    await expect(broken()).rejects.toThrow('no')
    await expect(rejected()).rejects.toThrow('no')
    expect(await absent()).toBe(null)
    expect(listener).not.toHaveBeenCalled()
  })

  it('publishes dates as ISO strings, and keeps them in the result', async () => {
    const bus = new EventBus<{ saved: { readonly at: string } }>()
    const listener = vi.fn()
    bus.subscribe('saved', listener)
    const at = new Date(0)
    const save = publishEvent(bus, 'saved', () => ({ at }))
    expect((await save()).at).toBe(at)
    expect(listener).toHaveBeenCalledWith({ at: '1970-01-01T00:00:00.000Z' })
  })

  it('succeeds even if its result is not JSON', async () => {
    const onError = vi.fn()
    const bus = new EventBus<{ saved: { readonly size: bigint } }>({ onError })
    const save = publishEvent(bus, 'saved', () => ({ size: 1n }))
    expect(await save()).toEqual({ size: 1n })
    expect(onError).toHaveBeenCalledOnce()
  })

  it('succeeds even if a subscriber fails', async () => {
    const bus = new EventBus<Events>({ onError: () => {} })
    bus.subscribe('agent:deleted', () => {
      throw new Error('no')
    })
    const remove = publishEvent(bus, 'agent:deleted', (id: number) => ({ id }))
    expect(await remove(1)).toEqual({ id: 1 })
  })
})
