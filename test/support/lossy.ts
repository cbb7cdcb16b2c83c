import { onTestFinished } from 'vitest'
import type { RedisConnector } from 'wirefold/server/redis'

type Send = (args: readonly string[]) => Promise<unknown>

/** Returns a connector whose commands pass through a function. */
export function intercepted(
  connector: RedisConnector,
  command: (args: readonly string[], send: Send) => Promise<unknown>,
): RedisConnector {
  return {
    ...connector,
    open(onLost) {
      const connection = connector.open(onLost)
      return { ...connection, command: (args) => command(args, connection.command) }
    },
  }
}

/** Returns a connector that loses every third script or its reply, and repeats some scripts later. */
export function lossy(connector: RedisConnector): RedisConnector {
  const late = connector.open(() => {})
  onTestFinished(() => late.close())
  let count = 0
  return intercepted(connector, async (args, send) => {
    if (args[0] !== 'EVALSHA') return send(args)
    count += 1
    if (count < 4) return send(args)
    if (count % 6 === 0) throw new Error('Socket closed unexpectedly')
    const reply = await send(args)
    if (count % 6 === 3) {
      setTimeout(() => late.command(args).catch(() => {}), count % 25)
      throw new Error('Socket closed unexpectedly')
    }
    return reply
  })
}
