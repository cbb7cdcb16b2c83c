import type { Server } from 'node:http'

/** Number of ports to try, one after the other, before any free one is used. */
const TRIES = 20

/**
 * Listens on the loopback interface.
 *
 * @param port the first port to try; the next free one is used
 * @returns the port in use
 */
export async function listen(server: Server, port: number, tries = TRIES): Promise<number> {
  try {
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject).listen(port, '127.0.0.1', () => {
        server.off('error', reject)
        resolve()
      })
    })
  } catch (error) {
    const taken = error instanceof Error && 'code' in error && error.code === 'EADDRINUSE'
    if (!taken) throw error
    return listen(server, tries > 1 ? port + 1 : 0, tries - 1)
  }
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}
