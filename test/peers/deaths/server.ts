import { setTimeout as sleep } from 'node:timers/promises'
import { Redis } from 'ioredis'
import type { RealtimeServer } from 'wirefold/server'
import { createRealtimeServer } from 'wirefold/server'
import { createRedisBroker, ioredisClient } from 'wirefold/server/redis'
import { carryOut } from '../../support/commands.ts'

/* A server that dies, or does not respond. Argument: the port of Redis. */

const [port = '0'] = process.argv.slice(2)
/** Time that a handler needs before, and after, its effect; so that many run when their server dies. */
const HANDLER_MS = 150

const redis = new Redis(Number(port), '127.0.0.1')
const errors: string[] = []
let server: RealtimeServer | undefined

async function listen(): Promise<number> {
  const connector = ioredisClient(new Redis({ port: Number(port), lazyConnect: true }))
  const onError = (error: unknown) => errors.push(String(error))
  const broker = await createRedisBroker(connector, { onError })
  server = createRealtimeServer({ broker, authorize: () => true, onError })
  // The effect is outside of the broker: a number of how often each request was carried out.
  const apply = async (name: string) => {
    await sleep(HANDLER_MS)
    await redis.hincrby('applied', name, 1)
    await sleep(HANDLER_MS)
    return name
  }
  server.handle('apply', apply)
  server.handle('upsert', apply, { idempotent: true })
  server.handle(
    'announce',
    async (name: string, { publish }) => {
      await sleep(HANDLER_MS)
      await publish('log', 'announced', name)
      await sleep(HANDLER_MS)
      return name
    },
    { idempotent: true },
  )
  return (await server.listen()).port
}

const commands = {
  listen,
  errors: () => errors,
}

/** A command of the test to a server. */
export type ServerCommands = typeof commands

carryOut(commands)
