import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TransportFactory } from '../../src/entries/dialects.ts'
import {
  longPollingTransport,
  sseStreamsTransport,
  sseTransport,
} from '../../src/entries/transports.ts'

/*
 * A program that closes transports over HTTP in every state, and prints for how long it stayed alive
 * afterwards, in milliseconds. Its server never answers a post.
 */

const server = createServer(({ method, url }, response) => {
  if (method === 'POST') return
  if (url === '/stream') response.writeHead(200, { 'content-type': 'text/event-stream' })
  else response.writeHead(204).end()
  response.flushHeaders()
})

async function closeInEveryState(
  transport: TransportFactory,
  url: string,
  message = '{}',
): Promise<void> {
  const ignore = { message() {}, closed() {} }
  const open = () =>
    new Promise<ReturnType<TransportFactory['open']>>((resolve) => {
      const made = transport.open(url, [], { ...ignore, opened: () => resolve(made) })
    })
  const idle = await open()
  idle.close()
  const sending = await open()
  sending.send(message)
  sending.close()
  const posting = await open()
  posting.send(message)
  await new Promise((resolve) => setTimeout(resolve, 50))
  posting.close()
  transport.open(url, [], { ...ignore, opened() {} }).close()
}

await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
const { port } = server.address() as AddressInfo
await closeInEveryState(sseTransport(), `http://127.0.0.1:${port}/stream`)
await closeInEveryState(longPollingTransport(), `http://127.0.0.1:${port}/poll`)
for (const stream of ['a', undefined]) {
  const message = JSON.stringify({
    id: '1',
    stream,
    request: { url: '/stream', body: stream ? undefined : 1 },
  })
  await closeInEveryState(sseStreamsTransport(), `http://127.0.0.1:${port}`, message)
}
server.close()
const closedAt = performance.now()
process.on('exit', () => console.log(Math.round(performance.now() - closedAt)))
