import { Redis } from 'ioredis'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer, entityMount, socketioMount, topicsMount } from 'wirefold/server'
import { createRedisBroker, ioredisClient } from 'wirefold/server/redis'
import { carryOut } from '../../support/commands.ts'

/* A server with mounts for four dialects. Argument: the port of Redis. */

const [port = '0'] = process.argv.slice(2)
let server: RealtimeServer | undefined

const commands = {
  async listen() {
    const broker = await createRedisBroker(
      ioredisClient(new Redis({ port: Number(port), lazyConnect: true })),
    )
    server = createRealtimeServer({
      broker,
      authenticate: ({ token }) => (token ? { id: `u-${token}`, name: token } : null),
      authorize: () => true,
    })
    server.mount('/api/realtime', entityMount())
    server.mount('/api/ws/v2', topicsMount())
    server.mount('/socket.io/', socketioMount())
    return (await server.listen()).port
  },
  publish: (payload: unknown) => server?.publish('session:1', 'progress', payload),
}

/** A command of the test to a server. */
export type ServerCommands = typeof commands

carryOut(commands)
