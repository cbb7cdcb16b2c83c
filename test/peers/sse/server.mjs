/*
 * A server on better-sse, in a process of its own: streams at `/events` (all channels) and `/sub/<channel>`,
 * a publish at `/publish`, an echo at `/api/echo`. It keeps its events in a file, and continues a stream
 * after the id that the client names.
 *
 * usage: node server.mjs <folder node_modules> <port> <history file>
 */
import { appendFileSync, existsSync, readFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { createRequire } from 'node:module'
import { text } from 'node:stream/consumers'

const [modules, port, file] = process.argv.slice(2)
const { createSession } = createRequire(`${modules}/`)('better-sse')
const history = existsSync(file)
  ? readFileSync(file, 'utf8').trim().split('\n').map(JSON.parse)
  : []
const open = new Map()

const push = (session, { id, channel, event, data }) =>
  session.push({ channel, ...data }, event, String(id))

async function follow(request, response, channel) {
  const session = await createSession(request, response, { retry: 50, keepAlive: 500 })
  open.set(session, channel)
  session.once('disconnected', () => open.delete(session))
  const carried = history.slice(session.lastId === '' ? history.length : Number(session.lastId))
  for (const one of carried) if (!channel || channel === one.channel) push(session, one)
}

async function publish(request) {
  const event = { id: history.length + 1, ...JSON.parse(await text(request)) }
  history.push(event)
  appendFileSync(file, `${JSON.stringify(event)}\n`)
  for (const [session, channel] of open)
    if (!channel || channel === event.channel) push(session, event)
  return { id: event.id }
}

createServer(async (request, response) => {
  const [, kind, name = ''] = request.url.split('/').map(decodeURIComponent)
  const answer = (status, value) =>
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
  if (request.headers.authorization !== 'Bearer t-ana') answer(401, { error: 'unauthorized' })
  else if (name === 'secret') answer(403, { error: 'forbidden' })
  else if (kind === 'publish') answer(200, await publish(request))
  else if (kind === 'events' || kind === 'sub') await follow(request, response, name)
  else if (name === 'echo') answer(200, { payload: JSON.parse(await text(request)) })
  else answer(404, { error: { message: `there is no ${name}` } })
}).listen(Number(port), '127.0.0.1', () => console.log('ready'))
