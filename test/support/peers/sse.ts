import type { ServerResponse } from 'node:http'
import type { Answer, Received } from '../http-backend.ts'
import { httpBackend, stream } from '../http-backend.ts'

/** How a backend differs from a sound one. */
export interface SseFaults {
  /** Sends events without ids, and replays none. */
  readonly withoutIds?: boolean
  /** Sends ids, but does not continue after one. */
  readonly forgets?: boolean
}

/**
 * A backend of server-sent events, until the end of the test: `/events` with the events of all channels,
 * `/sub/<channel>` with those of one, `/hub?topic=…` with those of several, `/complete` with the tokens of a
 * prompt, and `/api/<name>` for requests. It keeps all events, and continues after `Last-Event-ID`.
 */
export async function sseBackend(faults: SseFaults = {}, instead: SseAnswer = () => false) {
  const open = new Map<ServerResponse, (channel: string) => boolean>()
  const history: { readonly channel: string; readonly chunk: string }[] = []
  const prompts: string[] = []

  /** Begins a stream with the events of some channels, from the id in the request on. */
  const follow = (
    { headers }: Received,
    response: ServerResponse,
    carries: (channel: string) => boolean,
  ): void => {
    stream(response).write(':\n\n')
    const last = headers['last-event-id']
    const since = last === undefined || faults.forgets ? history.length : Number(last)
    for (const { channel, chunk } of history.slice(since)) {
      if (carries(channel)) response.write(chunk)
    }
    open.set(response, carries)
    response.on('close', () => open.delete(response))
  }

  const http = await httpBackend((request, response) => {
    if (instead(request, response)) return
    const { headers, method, body } = request
    const url = new URL(request.url, 'http://x')
    const [, kind, name = ''] = url.pathname.split('/').map(decodeURIComponent)
    const json = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value))
    }
    if (!headers.authorization?.startsWith('Bearer t-')) json(401, { error: 'unauthorized' })
    else if (kind === 'api') {
      const payload = body === '' ? undefined : JSON.parse(body)
      if (name === 'echo') json(200, { method, payload, by: headers.authorization })
      else if (name === 'empty') response.writeHead(204).end()
      else if (name === 'busy') {
        response.writeHead(429, { 'retry-after': '3' }).end('{"error":"slow down"}')
      } else if (name === 'said') {
        backend.publish(payload.channel, 'said', payload.payload)
        json(200, { ok: true })
      } else json(404, { error: { message: `there is no ${name}` } })
    } else if (kind === 'complete') {
      const { prompt } = JSON.parse(body)
      prompts.push(prompt)
      stream(response)
      for (const token of prompt.split(' ')) response.write(`data: {"delta":"${token}"}\n\n`)
      if (prompt.endsWith('fail')) {
        response.end('event: error\ndata: {"type":"overloaded","message":"try later"}\n\n')
      } else if (prompt.endsWith('cut')) setTimeout(() => response.socket?.resetAndDestroy(), 20)
      else response.end(prompt.endsWith('quietly') ? '' : 'data: [DONE]\n\n')
    } else if (kind === 'sub') {
      if (name === 'secret') json(403, { error: 'forbidden' })
      else if (name === 'none') json(404, { error: { message: 'no such channel' } })
      else if (name === 'over') response.writeHead(204).end()
      else follow(request, response, (channel) => channel === name)
    } else if (kind === 'hub') {
      const topics = url.searchParams.getAll('topic')
      if (topics.includes('secret')) json(403, { error: 'forbidden' })
      else follow(request, response, (channel) => topics.includes(channel))
    } else follow(request, response, () => true)
  })

  const backend = {
    ...http,
    origin: new URL(http.url).origin,
    prompts,
    /** Number of open streams. */
    streams: () => open.size,
    requestsOf: (path: string) => http.received.filter(({ url }) => url.startsWith(path)),
    write(text: string | Uint8Array, channel?: string): void {
      for (const [response, carries] of open) {
        if (channel === undefined || carries(channel)) response.write(text)
      }
    },
    publish(channel: string, type: string, data: object): void {
      const id = faults.withoutIds ? '' : `id: ${history.length + 1}\n`
      const chunk = `event: ${type}\n${id}data: ${JSON.stringify({ channel, ...data })}\n\n`
      history.push({ channel, chunk })
      backend.write(chunk, channel)
    },
    /** Cuts the streams of a channel, or ends them. */
    drop(channel: string, how: 'cut' | 'end' = 'cut'): void {
      for (const [response, carries] of [...open]) {
        if (!carries(channel)) continue
        open.delete(response)
        if (how === 'end') response.end()
        else response.socket?.resetAndDestroy()
      }
    },
  }
  return backend
}

/** Answers a request in place of the backend, and returns whether it did. */
type SseAnswer = (...request: Parameters<Answer>) => boolean
