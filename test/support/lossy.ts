import type { RedisConnection } from 'wirefold/server/redis'

/** A connection that loses every third command or its reply, and sends some a second time, later. */
export function lossy(connection: RedisConnection): RedisConnection {
  let count = 0
  return {
    ...connection,
    async command(args) {
      count += 1
      if (count < 4) return connection.command(args)
      if (count % 6 === 0) throw new Error('Socket closed unexpectedly')
      const reply = await connection.command(args)
      if (count % 6 === 3) {
        setTimeout(() => connection.command(args).catch(() => {}), count % 25)
        throw new Error('Socket closed unexpectedly')
      }
      return reply
    },
  }
}
