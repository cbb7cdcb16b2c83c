import { once } from 'node:events'
import type { Socket } from 'node:net'
import { connect, createServer } from 'node:net'
import { onTestFinished } from 'vitest'

/** A TCP proxy between one page and a server, which counts traffic and can be frozen. */
export interface Wire {
  /** The address of the proxy, for the page. */
  readonly url: string
  /** The paths of the requested WebSockets, in order. */
  readonly webSockets: readonly string[]
  /** Returns the number of bytes that the page has received. */
  received(): number
  /** Returns the number of open WebSockets. */
  openWebSockets(): number
  /** Holds back all data in both directions; connections stay open. */
  freeze(): void
  /** Forwards the data again. */
  thaw(): void
}

/** Starts a wire to the server at `url`; it ends with the test. */
export async function startWire(url: string): Promise<Wire> {
  const to = new URL(url)
  const sockets = new Set<Socket>()
  const webSockets: string[] = []
  let received = 0
  let openWebSockets = 0
  let isFrozen = false

  const join = (from: Socket, into: Socket): void => {
    sockets.add(from)
    from.on('data', (chunk) => into.write(chunk))
    from.on('close', () => {
      sockets.delete(from)
      into.destroySoon()
    })
    // `close` follows.
    from.on('error', () => {})
    if (isFrozen) from.pause()
  }
  const server = createServer((page) => {
    const away = connect(Number(to.port), to.hostname)
    page.on('data', (chunk) => {
      const upgrade = /^GET (\S+) HTTP.*\r\nupgrade: websocket\r\n/is.exec(chunk.toString('latin1'))
      if (!upgrade?.[1]) return
      webSockets.push(new URL(upgrade[1], url).pathname)
      openWebSockets += 1
      page.once('close', () => {
        openWebSockets -= 1
      })
    })
    away.on('data', (chunk) => {
      received += chunk.length
    })
    join(page, away)
    join(away, page)
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    server.close()
    for (const socket of sockets) socket.destroy()
  })
  const address = server.address()
  const port = typeof address === 'object' ? address?.port : 0
  return {
    url: `http://127.0.0.1:${port}/`,
    webSockets,
    received: () => received,
    openWebSockets: () => openWebSockets,
    freeze() {
      isFrozen = true
      for (const socket of sockets) socket.pause()
    },
    thaw() {
      isFrozen = false
      for (const socket of sockets) socket.resume()
    },
  }
}
