import { createHmac } from 'node:crypto'
import type { IncomingMessage, ServerResponse } from 'node:http'
import { createServer } from 'node:http'
import type { AddressInfo, Socket } from 'node:net'
import { text } from 'node:stream/consumers'
import { onTestFinished } from 'vitest'
import { type WebSocket, WebSocketServer } from 'ws'
import { asFields, asString, type Fields } from '../../../src/protocol/fields.ts'

const KEY = 'key'
const SECRET = 'secret'

interface Connection {
  readonly socket: WebSocket
  readonly id: string
  /** The channels of the connection, with the member that it is there. */
  readonly channels: Map<
    string,
    { readonly user_id: string; readonly user_info?: unknown } | undefined
  >
  established: boolean
}

/**
 * A server of Pusher Channels, protocol 7, with its auth endpoint, in this process. It is as strict as the
 * strictest of those that exist: it ends a connection that subscribes before its welcome, refuses a second
 * subscribe, and does not name the channel of a wrong signature.
 */
export class PusherPeer {
  /** Messages of clients, in the order in which they arrived. */
  readonly received: Fields[] = []
  /** Requests to the auth endpoint. */
  readonly asked: { readonly channel: string; readonly authorization: string | undefined }[] = []
  /** Statuses of the auth endpoint by channel: `hang` for no answer. */
  readonly statuses = new Map<string, number | 'hang'>([['private-secret', 403]])
  /** Number of client events that a connection may send. */
  mostEvents = Number.POSITIVE_INFINITY
  /** The data of members by their id, as the auth endpoint signs them. */
  infos: Readonly<Record<string, unknown>> = {}
  /** Sent with the signature, and not with the subscribe. */
  sharedSecret: string | undefined
  activityTimeout = 120
  /** The secret with which the auth endpoint signs. */
  secretOfEndpoint = SECRET
  #port = 0
  #count = 0
  readonly #connections = new Set<Connection>()
  readonly #sockets = new Set<Socket>()
  readonly #acceptor = new WebSocketServer({ noServer: true })
  readonly #server = createServer((request, response) => {
    this.#sign(request, response).catch(() => response.destroy())
  })

  /** Starts a server, until the end of the test. */
  static async started(): Promise<PusherPeer> {
    const peer = new PusherPeer()
    await peer.start()
    onTestFinished(() => peer.kill())
    return peer
  }

  private constructor() {
    this.#server.on('connection', (socket) => {
      this.#sockets.add(socket)
      socket.on('error', () => {})
      socket.on('close', () => this.#sockets.delete(socket))
    })
    this.#server.on('upgrade', (request, socket, head) => {
      this.#acceptor.handleUpgrade(request, socket, head, (far) => this.#accept(request, far))
    })
  }

  /** The address of the app. */
  get url(): string {
    return `ws://127.0.0.1:${this.#port}/app/${KEY}`
  }

  get endpoint(): string {
    return `http://127.0.0.1:${this.#port}/auth`
  }

  /** Names of the received messages, with their channel. */
  get messages(): readonly string[] {
    return this.received.map(({ event, channel, data }) =>
      `${event} ${channel ?? asFields(data).channel ?? ''}`.trim(),
    )
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.#server.listen(this.#port, '127.0.0.1', resolve))
    this.#port = (this.#server.address() as AddressInfo).port
  }

  /** Ends as a process that is killed: every connection is reset. */
  async kill(): Promise<void> {
    this.#connections.clear()
    for (const socket of this.#sockets) socket.resetAndDestroy()
    if (this.#server.listening) await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Publishes an event as the API does: with its data as text. */
  publish(channel: string, event: string, data: unknown): void {
    const sent = typeof data === 'string' ? data : JSON.stringify(data)
    this.#broadcast(channel, { event, channel, data: sent })
  }

  /** Closes all connections, after an error with the same code where there is a message. */
  close(code: number, message?: string): void {
    for (const { socket } of this.#connections) {
      if (message) send(socket, { event: 'pusher:error', data: { code, message } })
      socket.close(code)
    }
  }

  /** Pings all connections. */
  ping(): void {
    for (const { socket } of this.#connections) send(socket, { event: 'pusher:ping', data: {} })
  }

  #accept({ url = '' }: IncomingMessage, socket: WebSocket): void {
    const { pathname, searchParams } = new URL(url, 'ws://host')
    if (pathname !== `/app/${KEY}` || searchParams.get('protocol') !== '7') {
      const message = `App ${pathname} does not exist.`
      send(socket, { event: 'pusher:error', data: { code: 4001, message } })
      socket.close(4001)
      return
    }
    const id = `${++this.#count}.${this.#port}`
    const connection: Connection = { socket, id, channels: new Map(), established: false }
    this.#connections.add(connection)
    socket.on('error', () => {})
    socket.on('close', () => {
      this.#connections.delete(connection)
      for (const channel of [...connection.channels.keys()]) this.#leave(connection, channel)
    })
    socket.on('message', (data) => {
      const message: Fields = JSON.parse(String(data))
      this.received.push(message)
      this.#handle(connection, message)
    })
    // The app is looked up first.
    setTimeout(() => {
      connection.established = true
      const welcome = { socket_id: id, activity_timeout: this.activityTimeout }
      say(socket, 'pusher:connection_established', undefined, welcome)
    }, 5)
  }

  #handle(connection: Connection, { event, channel, data }: Fields): void {
    const { socket, established } = connection
    const fields = asFields(data)
    if (event === 'pusher:ping') send(socket, { event: 'pusher:pong', data: {} })
    else if (!established) socket.close(1011, 'no app yet')
    else if (event === 'pusher:subscribe') this.#subscribe(connection, fields)
    else if (event === 'pusher:unsubscribe') this.#leave(connection, String(fields.channel))
    else this.#pass(connection, String(channel), { event, channel, data })
  }

  /** Passes a client event on to the others in a private or presence channel. */
  #pass(connection: Connection, channel: string, message: Fields): void {
    const { socket, channels } = connection
    if (!/^(private|presence)-/.test(channel) || !channels.has(channel)) return
    this.mostEvents--
    if (this.mostEvents < 0) {
      const data = { code: 4301, message: 'The rate limit was exceeded.' }
      send(socket, { event: 'pusher:error', channel, data })
      return
    }
    const { user_id } = channels.get(channel) ?? {}
    this.#broadcast(channel, { ...message, user_id }, connection)
  }

  #subscribe(connection: Connection, { channel: named, auth, channel_data }: Fields): void {
    const { socket, id, channels } = connection
    const channel = String(named)
    const isSigned = /^(private|presence)-/.test(channel)
    const message = channels.has(channel)
      ? `Existing subscription to channel ${channel}`
      : isSigned && auth !== signature(id, channel, asString(channel_data)) && 'Invalid signature'
    if (message) {
      send(socket, { event: 'pusher:error', data: { code: null, message } })
      return
    }
    if (!channel.startsWith('presence-')) {
      channels.set(channel, undefined)
      send(socket, { event: 'pusher_internal:subscription_succeeded', channel })
      if (channel.startsWith('cache-')) send(socket, { event: 'pusher:cache_miss', channel })
      return
    }
    const member = JSON.parse(String(channel_data))
    if (!this.#isPresent(channel, member.user_id)) {
      const added = { event: 'pusher_internal:member_added', channel, data: JSON.stringify(member) }
      this.#broadcast(channel, added)
    }
    channels.set(channel, member)
    const members = [...this.#connections].flatMap((other) => other.channels.get(channel) ?? [])
    const ids = [...new Set(members.map(({ user_id }) => user_id))]
    const hash = Object.fromEntries(members.map(({ user_id, user_info }) => [user_id, user_info]))
    const presence = { ids, hash, count: ids.length }
    say(socket, 'pusher_internal:subscription_succeeded', channel, { presence })
  }

  #leave(connection: Connection, channel: string): void {
    const member = connection.channels.get(channel)
    connection.channels.delete(channel)
    if (!member || this.#isPresent(channel, member.user_id)) return
    const data = JSON.stringify({ user_id: member.user_id })
    this.#broadcast(channel, { event: 'pusher_internal:member_removed', channel, data })
  }

  #isPresent(channel: string, id: string): boolean {
    return [...this.#connections].some(({ channels }) => channels.get(channel)?.user_id === id)
  }

  #broadcast(channel: string, message: Fields, but?: Connection): void {
    for (const connection of this.#connections) {
      if (connection !== but && connection.channels.has(channel)) send(connection.socket, message)
    }
  }

  /** Answers the auth endpoint: the token of a client is the id of its user. */
  async #sign(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const body = new URLSearchParams(await text(request))
    const channel = body.get('channel_name') ?? ''
    const { authorization } = request.headers
    this.asked.push({ channel, authorization })
    const status = this.statuses.get(channel) ?? 200
    if (status === 'hang') return
    response.statusCode = status
    if (status !== 200) return void response.end('no')
    const user_id = authorization?.replace('Bearer ', '') ?? 'guest'
    const member = JSON.stringify({ user_id, user_info: this.infos[user_id] })
    const channel_data = channel.startsWith('presence-') ? member : undefined
    const socketId = body.get('socket_id') ?? ''
    const auth = signature(socketId, channel, channel_data, this.secretOfEndpoint)
    const shared_secret = this.sharedSecret
    response.end(JSON.stringify({ auth, channel_data, shared_secret }))
  }
}

function signature(
  socketId: string,
  channel: string,
  data: string | undefined,
  secret = SECRET,
): string {
  const signed = [socketId, channel, ...(data === undefined ? [] : [data])].join(':')
  return `${KEY}:${createHmac('sha256', secret).update(signed).digest('hex')}`
}

function send(socket: WebSocket, message: Fields): void {
  socket.send(JSON.stringify(message))
}

function say(socket: WebSocket, event: string, channel: string | undefined, data: unknown): void {
  send(socket, { event, channel, data: JSON.stringify(data) })
}
