import { signal } from '@preact/signals-core'
import { act, cleanup, render } from '@testing-library/react'
import { get as getOf, writable } from 'svelte/store'
import { afterEach, expect, it } from 'vitest'
import type { PresenceUser, Readable } from 'wirefold'
import { bindList, createStore, PresenceManager } from 'wirefold'
import { entity } from 'wirefold/dialects/entity'
import { useReadable } from 'wirefold/react'
import { valueSignals } from 'wirefold/signals'
import { svelteStores } from 'wirefold/svelte'
import type { Fields } from '../../src/protocol/fields.ts'
import { LiteralEntities } from '../replay/literal-entities.ts'
import { recordedMessages } from '../replay/session.ts'
import { dialled } from '../support/dialled.ts'
import { started } from '../support/started.ts'

afterEach(cleanup)

interface Props {
  readonly tasks: Readable<readonly Fields[]>
  readonly users: Readable<readonly PresenceUser[]>
}

function View({ tasks, users }: Props) {
  return <p>{JSON.stringify([useReadable(tasks), useReadable(users)])}</p>
}

it('a list and the members are equal in every kind of store after every line of a recorded session', async () => {
  const { client, channels, clock, deliver } = dialled(
    entity,
    ({ type, channel, requestId }, send) => {
      if (type === 'subscribe') send({ type: 'subscribed', channel, requestId })
    },
  )
  client.on('error', () => {})
  const load = async (): Promise<{ state: readonly Fields[] }> => ({ state: [] })
  // The recorded backend has rows that `load` did not return.
  const bound = <Into,>(into: Into) => ({ load, into, upsert: true })
  const tasks = started(bindList(channels, 'entity:Task', { load, upsert: true }))
  const inSvelte = started(bindList(channels, 'entity:Task', bound(svelteStores(writable)))).store
  const inPreact = started(bindList(channels, 'entity:Task', bound(valueSignals(signal)))).store
  const inCell = createStore<readonly Fields[]>([])
  started(bindList(channels, 'entity:Task', bound(inCell)))
  const users = new PresenceManager(channels).of('workspace/tasks')
  const page = render(<View tasks={tasks.state} users={users} />)
  const literal = new LiteralEntities()
  const seen = new Set<string>()
  for (const message of recordedMessages('entity-realtime')) {
    await act(async () => {
      await deliver(message)
      // The list is fetched once the channel is live.
      await clock.advance(1)
    })
    literal.read(message)
    const { confirmed } = literal
    expect([tasks.state.get(), getOf(inSvelte), inPreact.value, inCell.get()]).toEqual(
      Array.from({ length: 4 }, () => confirmed),
    )
    const text = page.container.textContent ?? ''
    expect(JSON.parse(text)).toEqual(JSON.parse(JSON.stringify([confirmed, literal.users])))
    seen.add(text)
  }
  expect(seen.size).toBe(6)
  client.close()
})
