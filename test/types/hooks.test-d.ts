import { describe, expectTypeOf, it } from 'vitest'
import type { RealtimeClient } from 'wirefold'
import { ContextRegistry } from 'wirefold'
import { contract, entityEvents } from 'wirefold/contract'
import { createRealtimeHooks } from 'wirefold/react'
import { type AccessorKind, createRealtimeSignals, type SignalLibrary } from 'wirefold/signals'
import { createRealtimeStores, type SvelteStores } from 'wirefold/svelte'
import { createRealtimeComposables } from 'wirefold/vue'
import { z } from 'zod'

const Order = z.object({ id: z.string(), at: z.string().transform((text) => new Date(text)) })
const Task = z.object({ id: z.string(), title: z.string() })
const shop = contract({
  channels: {
    'shop:{id}': { order: Order, till: z.object({ total: z.number() }) },
    'entity:Task': entityEvents(Task),
  },
  requests: { 'order:cancel': { payload: z.object({ id: z.string() }), reply: Order } },
  presence: { 'workspace/{name}': z.object({ x: z.string().transform(Number) }) },
})
interface TaskRow {
  id: string
  title: string
}
interface OrderRow {
  id: string
  at: Date
}
type Shop =
  | { readonly kind: 'Order'; readonly id: string; readonly status: string }
  | { readonly kind: 'Till'; readonly total: number }
const contexts = new ContextRegistry<Shop>().keyed('Order', (order) => order.id).single('Till')

const typed = createRealtimeHooks<typeof shop, typeof contexts>()
const untyped = createRealtimeHooks()
const load = async () => ({ state: [] })
declare const id: string
declare const client: RealtimeClient<typeof shop>
declare const plain: RealtimeClient

describe('the hooks with a contract', () => {
  it('take the names and handlers of its channels', () => {
    typed.useChannel('shop:42', (_, event) => {
      if (event.type === 'order') expectTypeOf(event.payload).toEqualTypeOf<OrderRow>()
    })
    typed.useChannel(`shop:${id}`, {
      order: (order) => expectTypeOf(order).toEqualTypeOf<OrderRow>(),
      till: ({ total }) => expectTypeOf(total).toEqualTypeOf<number>(),
    })
    typed.useChannel(undefined, () => {})
    typed.useChannel('shop:42')
    typed.useChannel(id ? 'shop:1' : undefined, () => {})
    // @ts-expect-error: no channel of this name
    typed.useChannel('shp:42', () => {})
    // @ts-expect-error: no event of this type
    typed.useChannel('shop:42', { ordr: () => {} })
    const event = typed.useEvent('shop:42')
    if (event?.type === 'till') expectTypeOf(event.payload.total).toEqualTypeOf<number>()
    // @ts-expect-error: no channel of this name
    typed.useEvent('shp:42')
  })

  it('take the payloads of its requests, and return their replies', () => {
    const { send, reply, pending } = typed.useRequest('order:cancel')
    expectTypeOf(reply).toEqualTypeOf<OrderRow | undefined>()
    expectTypeOf(pending).toEqualTypeOf<boolean>()
    expectTypeOf(send({ id: '1' })).resolves.toEqualTypeOf<OrderRow>()
    // @ts-expect-error: the payload has a string
    send({ id: 1 })
    // @ts-expect-error: the payload is missing
    send()
    // @ts-expect-error: no request of this type
    typed.useRequest('order:cancle')
  })

  it('return rows, users and entities', () => {
    const { rows, create } = typed.useList('entity:Task', { load })
    const [row] = rows
    expectTypeOf(row?.title).toEqualTypeOf<string | undefined>()
    expectTypeOf(create({ title: 'Write' })).resolves.toEqualTypeOf<TaskRow>()
    // @ts-expect-error: a title is a string
    create({ title: 1 })
    // @ts-expect-error: no channel of this name
    typed.useList('entity:Tsk', { load })
    const { me, others, update } = typed.usePresence('workspace/tasks', { x: '1' })
    expectTypeOf(me).toEqualTypeOf<{ x: string } | undefined>()
    expectTypeOf(others[0]?.meta).toEqualTypeOf<{ x: number } | undefined>()
    update({ x: '2' })
    // @ts-expect-error: what is sent is a string
    update({ x: 2 })
    expectTypeOf(typed.useEntity('Order', '17')?.status).toEqualTypeOf<string | undefined>()
    expectTypeOf(typed.useEntity('Till')?.total).toEqualTypeOf<number | undefined>()
    // @ts-expect-error: no entity of this name
    typed.useEntity('Ordr', '17')
    // @ts-expect-error: the key is missing
    typed.useEntity('Order')
  })

  it('take the client of the contract', () => {
    typed.RealtimeProvider({ client, contexts })
    expectTypeOf(typed.useClient()).toEqualTypeOf<RealtimeClient<typeof shop>>()
    untyped.RealtimeProvider({ client: plain })
  })
})

describe('the hooks without a contract', () => {
  it('take any name, and the types that the caller names', () => {
    untyped.useChannel('news', (payload: { text: string }) => payload.text)
    untyped.useChannel('news', (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>())
    untyped.useChannel('news', { posted: () => {} })
    expectTypeOf(untyped.useEvent<string>('news')?.payload).toEqualTypeOf<string | undefined>()
    const { reply, send } = untyped.useRequest<TaskRow>('task:get')
    expectTypeOf(reply).toEqualTypeOf<TaskRow | undefined>()
    send({ id: 1 })
    send()
    const state: readonly TaskRow[] = []
    const { rows, update } = untyped.useList('entity:Task', { load: async () => ({ state }) })
    expectTypeOf(rows[0]?.title).toEqualTypeOf<string | undefined>()
    update('1', { title: 'Read' })
    // @ts-expect-error: a title is a string
    update('1', { title: 1 })
    untyped.usePresence('workspace/tasks', { x: 1 }).update(2)
    expectTypeOf(untyped.useEntity('Order', '17')).toEqualTypeOf<unknown>()
  })
})

describe('the composables with a contract', () => {
  it('return the signals of the library, and take names as functions', () => {
    const vue = createRealtimeComposables<typeof shop, typeof contexts>()
    const { rows } = vue.useList('entity:Task', { load })
    expectTypeOf(rows.value[0]?.title).toEqualTypeOf<string | undefined>()
    const event = vue.useEvent(() => `shop:${id}` as const)
    if (event.value?.type === 'till') {
      expectTypeOf(event.value.payload.total).toEqualTypeOf<number>()
    }
    expectTypeOf(vue.useRequest('order:cancel').reply.value).toEqualTypeOf<OrderRow | undefined>()
    expectTypeOf(vue.useEntity('Order', () => id).value?.status).toEqualTypeOf<string | undefined>()
    vue.useChannel(() => 'shop:42', { till: ({ total }) => total })
    const wrong = () => 'shp:42' as const
    // @ts-expect-error: no channel of this name
    vue.useChannel(wrong, () => {})
    // @ts-expect-error: no channel of this name
    vue.useEvent(wrong)
    // @ts-expect-error: no channel of this name
    vue.useEvent('shp:42')
    // @ts-expect-error: no channel of this name
    vue.useList(() => 'entity:Tsk' as const, { load })
    // @ts-expect-error: no resource of this name
    vue.usePresence(() => `workspce/${id}` as const)
    vue.useChannel(() => 'shop:1', { order: (order) => order.id })
    vue.useChannel(() => (id ? `shop:${id}` : undefined), {
      order: (order) => expectTypeOf(order).toEqualTypeOf<OrderRow>(),
    })
    // @ts-expect-error: no event of this type
    vue.useChannel(() => 'shop:1', { ordr: () => {} })
    const list = vue.useList(() => 'entity:Task' as const, {
      load,
      filter: (task) => task.title !== '',
    })
    expectTypeOf(list.rows.value[0]?.title).toEqualTypeOf<string | undefined>()
    const here = vue.usePresence(() => `workspace/${id}` as const, { x: '1' })
    expectTypeOf(here.me.value).toEqualTypeOf<{ x: string } | undefined>()
    vue.usePresence('workspace/tasks', () => (id ? { x: id } : undefined))
    // @ts-expect-error: what is sent is a string
    vue.usePresence(() => `workspace/${id}` as const, { x: 1 })
    // @ts-expect-error: what is sent is a string
    vue.usePresence('workspace/tasks', () => ({ x: 1 }))
    vue.provideRealtime({ client, contexts })

    const solid = createRealtimeSignals<typeof shop, AccessorKind>(
      {} as SignalLibrary<AccessorKind>,
    )
    expectTypeOf(solid.useList('entity:Task', { load }).rows()[0]?.title).toEqualTypeOf<
      string | undefined
    >()
    expectTypeOf(solid.usePresence('workspace/a').me()).toEqualTypeOf<{ x: string } | undefined>()

    const svelte = createRealtimeStores<typeof shop>({} as SvelteStores)
    svelte.useConnection().attempt.subscribe((attempt) => {
      expectTypeOf(attempt).toEqualTypeOf<number>()
    })
  })

  it('take any name without a contract, and the types that the caller names', () => {
    const vue = createRealtimeComposables()
    vue.useChannel('news', (payload: { text: string }) => payload.text)
    vue.useChannel(
      () => id,
      (payload: string) => payload.length,
    )
    vue.useChannel(
      () => id,
      (payload) => expectTypeOf(payload).toEqualTypeOf<unknown>(),
    )
    const event = vue.useEvent<string>(() => id)
    expectTypeOf(event.value?.payload).toEqualTypeOf<string | undefined>()
    const state: readonly TaskRow[] = []
    const { rows } = vue.useList(() => id, { load: async () => ({ state }) })
    expectTypeOf(rows.value[0]?.title).toEqualTypeOf<string | undefined>()
    vue.usePresence(() => id, { x: 1 }).update(2)
  })
})
