import type { Server } from 'node:http'
import { setTimeout as after } from 'node:timers/promises'
import type { EntityEvents, RealtimeServer, RequestContext, User } from 'wirefold/server'
import {
  broadcastEntities,
  createRealtimeServer,
  EventBus,
  realtimeRepository,
  refuse,
} from 'wirefold/server'
import { BOARD_PATH, LONGEST, REJECTING, TASK } from '../shared.ts'
import { SqlTasks } from './sql-tasks.ts'
import { changeIn, idIn, titleIn } from './wishes.ts'

/** How long a write takes, in milliseconds: long enough to see what is shown meanwhile. */
const WRITE_MS = 600

/** How long a window whose connection was lost still counts, in milliseconds. */
const GRACE_MS = 4_000

/** The board while it is served. */
export interface Board {
  close(): Promise<void>
}

/**
 * Serves the board: a database that knows nothing of sockets, a bus on which it tells what it did, and
 * a server that broadcasts that.
 */
export async function openBoard(http: Server): Promise<Board> {
  const bus = new EventBus<EntityEvents>()
  const rows = await SqlTasks.open()
  const server = createRealtimeServer({
    authenticate: ({ token }) => person(token),
    authorize: (user, _, action) => user !== null && action !== 'publish',
    // Whose page it is does not matter: there are no cookies, and only this machine is listened to.
    origins: '*',
    presence: { graceMs: GRACE_MS },
  })
  // Within a handler this is published as the request's own, so that the reply tells where it stands.
  const tasks = realtimeRepository(rows, bus, {
    entityName: TASK,
    userId: () => server.currentUser?.id,
  })
  broadcastEntities(bus, server)
  const write = writing(server)

  server.handle('task:list', () => rows.all())
  server.handle(
    'task:create',
    write((wish, by) => tasks.create(titleIn(wish), by)),
  )
  server.handle(
    'task:update',
    write((wish) => found(tasks.update(idIn(wish), changeIn(wish)))),
  )
  server.handle(
    'task:delete',
    write((wish) => found(tasks.delete(idIn(wish)))),
  )
  server.attach(http, BOARD_PATH)
  return {
    async close() {
      await server.close()
      rows.close()
    },
  }
}

/** Makes request handlers of writes: slow ones, that are refused where their person wanted that. */
function writing(server: RealtimeServer) {
  const rejecting = new Set<string>()
  const become = async (by: string, reject: boolean): Promise<void> => {
    if (reject) rejecting.add(by)
    else rejecting.delete(by)
    // All windows of a person have the same switch.
    await server.sendToUser(by, REJECTING, reject)
  }
  server.handle(REJECTING, async (reject, context) => {
    if (typeof reject === 'boolean') await become(asker(context), reject)
    return rejecting.has(asker(context))
  })
  return (write: (wish: unknown, by: string) => unknown) =>
    async (wish: unknown, context: RequestContext): Promise<unknown> => {
      const by = asker(context)
      const rejected = rejecting.has(by)
      if (rejected) await become(by, false)
      await after(WRITE_MS)
      if (rejected) throw refuse('rejected', 'the server rejected this write, as you asked it to')
      return write(wish, by)
    }
}

/** Whoever tells a name is taken at their word. */
function person(token: string | undefined): User | undefined {
  const name = token?.trim().slice(0, LONGEST.name)
  return name ? { id: name, name } : undefined
}

function asker({ user }: RequestContext): string {
  if (!user) throw refuse('not-authenticated', 'nobody knows who you are')
  return user.id
}

async function found<Result>(result: Result | Promise<Result>): Promise<Result> {
  const row = await result
  if (!row) throw refuse('not-found', 'somebody has deleted this task')
  return row
}
