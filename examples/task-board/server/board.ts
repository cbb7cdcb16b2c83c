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
import { changeIn, idIn, titleIn } from './payloads.ts'
import { SqlTasks } from './sql-tasks.ts'

/** Duration of a write, in milliseconds: long enough to see pending changes. */
const WRITE_MS = 600

/** Time for which a disconnected window stays present, in milliseconds. */
const GRACE_MS = 4_000

/** The board while it is served. */
export interface Board {
  close(): Promise<void>
}

/**
 * Serves the board: a database without sockets, a bus for its changes, and a server that broadcasts
 * them.
 */
export async function openBoard(http: Server): Promise<Board> {
  const bus = new EventBus<EntityEvents>()
  const rows = await SqlTasks.open()
  const server = createRealtimeServer({
    authenticate: ({ token }) => person(token),
    authorize: (user, _, action) => user !== null && action !== 'publish',
    // Any origin is safe here: there are no cookies, and the server listens on loopback only.
    origins: '*',
    presence: { graceMs: GRACE_MS },
  })
  // An event that is published within a handler belongs to its request, whose reply has the
  // position.
  const tasks = realtimeRepository(rows, bus, {
    entityName: TASK,
    userId: () => server.currentUser?.id,
  })
  broadcastEntities(bus, server)
  const write = writing(server)

  server.handle('task:list', () => rows.all())
  server.handle(
    'task:create',
    write((payload, by) => tasks.create(titleIn(payload), by)),
  )
  server.handle(
    'task:update',
    write((payload) => found(tasks.update(idIn(payload), changeIn(payload)))),
  )
  server.handle(
    'task:delete',
    write((payload) => found(tasks.delete(idIn(payload)))),
  )
  server.attach(http, BOARD_PATH)
  return {
    async close() {
      await server.close()
      rows.close()
    },
  }
}

/**
 * Wraps writes into request handlers that are slow, and that reject the next write if requested.
 */
function writing(server: RealtimeServer) {
  const rejecting = new Set<string>()
  const setRejecting = async (by: string, reject: boolean): Promise<void> => {
    if (reject) rejecting.add(by)
    else rejecting.delete(by)
    // The switch is the same in all windows of a person.
    await server.sendToUser(by, REJECTING, reject)
  }
  server.handle(REJECTING, async (reject, context) => {
    if (typeof reject === 'boolean') await setRejecting(userIdOf(context), reject)
    return rejecting.has(userIdOf(context))
  })
  return (write: (payload: unknown, by: string) => unknown) =>
    async (payload: unknown, context: RequestContext): Promise<unknown> => {
      const by = userIdOf(context)
      const rejected = rejecting.has(by)
      if (rejected) await setRejecting(by, false)
      await after(WRITE_MS)
      if (rejected)
        throw refuse(
          'rejected',
          'the server rejected this write, because “Reject the next write” was on',
        )
      return write(payload, by)
    }
}

/** Returns the user with the given name; names are not verified. */
function person(token: string | undefined): User | undefined {
  const name = token?.trim().slice(0, LONGEST.name)
  return name ? { id: name, name } : undefined
}

function userIdOf({ user }: RequestContext): string {
  if (!user) throw refuse('not-authenticated', 'your name is missing')
  return user.id
}

async function found<Result>(result: Result | Promise<Result>): Promise<Result> {
  const row = await result
  if (!row) throw refuse('not-found', 'another person has deleted this task')
  return row
}
