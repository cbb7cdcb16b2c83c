import type { Server } from 'node:http'

/** So many ports are tried. */
const TRIES = 20

/** Listens on a port of this machine alone, or the next one that is free, and tells which. */
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
    if (!taken || tries <= 1) throw error
    return listen(server, port + 1, tries - 1)
  }
  const address = server.address()
  return typeof address === 'object' && address ? address.port : port
}
