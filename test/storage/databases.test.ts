import { IDBFactory } from 'fake-indexeddb'
import { describe, expect, it } from 'vitest'
import type { MakeOutboxDatabase } from 'wirefold/testing'
import { MemoryOutboxDatabase, outboxDatabaseSuite } from 'wirefold/testing'
import { IndexedDbDatabase } from '../../src/storage/indexeddb-database.ts'

/** Creates databases for one case. */
const factories: Record<string, () => MakeOutboxDatabase> = {
  IndexedDB: () => {
    const factory = new IDBFactory()
    return () => new IndexedDbDatabase('test', () => factory)
  },
  memory: () => {
    const database = new MemoryOutboxDatabase()
    return () => database
  },
}

for (const [name, makeFactory] of Object.entries(factories)) {
  describe(`an outbox database in ${name}`, () => {
    for (const { name: promise, run } of outboxDatabaseSuite) it(promise, () => run(makeFactory()))
  })
}

describe('an outbox database in IndexedDB', () => {
  it('opens a closed database again', async () => {
    const factory = new IDBFactory()
    const database = new IndexedDbDatabase('test', () => factory)
    await database.identify('one')
    await deleted(factory, 'test')
    expect(await database.identify('two')).toEqual({ senderId: 'two', userId: undefined })
  })

  it('tries again after a failed attempt to open', async () => {
    const factory = new IDBFactory()
    let broken = true
    const database = new IndexedDbDatabase('test', () => {
      if (broken) throw new Error('not now')
      return factory
    })
    await expect(database.identify('one')).rejects.toThrow('not now')
    broken = false
    expect(await database.identify('one')).toMatchObject({ senderId: 'one' })
  })
})

/** Deletes a database as another page would. */
function deleted(factory: IDBFactory, name: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const request = factory.deleteDatabase(name)
    request.onsuccess = () => resolve()
    request.onerror = () => reject(request.error)
    request.onblocked = () => reject(new Error('another connection keeps it open'))
  })
}
