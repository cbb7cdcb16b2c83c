import { once } from 'node:events'
import { onTestFinished } from 'vitest'
import type { WebSocket } from 'ws'
import { WebSocketServer } from 'ws'
import type { Fields } from '../../../src/protocol/fields.ts'
import { asFields, asString } from '../../../src/protocol/fields.ts'

/** Options of {@link cableServer}. */
export interface CableOptions {
  /**
   * The subprotocol: Action Cable's, or AnyCable's extended one.
   * @default 'actioncable-v1-ext-json'
   */
  readonly protocol?: 'actioncable-v1-json' | 'actioncable-v1-ext-json'
  /** Interval of pings in milliseconds. */
  readonly pingMs?: number
  /** Number of messages that a stream keeps. */
  readonly history?: number
  /** Streams behind a subscription; by default the one of its room. */
  readonly streams?: (params: Fields) => readonly string[]
  /** Called with an action; `transmit` answers on the subscription. */
  readonly act?: (data: Fields, params: Fields, transmit: (message: unknown) => void) => void
}

interface Entry {
  readonly message: unknown
  readonly epoch: string
  readonly offset: number
  readonly at: number
}

interface Stream {
  epoch: string
  offset: number
  log: Entry[]
  readonly present: Map<string, unknown>
}

/** A connection, or one that was cut and may be restored. */
interface Session {
  readonly sid: string
  readonly socket: WebSocket
  /** Streams of each subscription, by identifier. */
  readonly subscriptions: Map<string, readonly string[]>
  /** Own id in presence, by identifier. */
  readonly present: Map<string, string>
}

/** Tokens of users. */
const USERS: Readonly<Record<string, string>> = { 't-ana': 'ana', 't-ben': 'ben' }

/**
 * Starts a server of Action Cable, until the end of the test: by its published protocol, as far as the official
 * client `@anycable/core` uses it, which `test/peers/actioncable` runs against it. As AnyCable does, it ignores
 * a subscribe to what is subscribed to, and a command for what is not.
 */
export async function cableServer(options: CableOptions = {}) {
  const { protocol = 'actioncable-v1-ext-json', pingMs = 1_000, history = 5 } = options
  const { streams: streamsOf = ({ room }: Fields) => [String(room)], act } = options
  const isExtended = protocol.includes('ext')
  const streams = new Map<string, Stream>()
  const sessions = new Map<string, Session>()
  const live = new Set<Session>()
  /** All commands of clients, in order. */
  const commands: Fields[] = []
  /** The addresses of the connections. */
  const urls: string[] = []
  let count = 0
  let isRefusing = false
  let afterWelcome: (() => void) | undefined

  const stream = (name: string): Stream => {
    const known = streams.get(name) ?? { epoch: 'e1', offset: 0, log: [], present: new Map() }
    streams.set(name, known)
    return known
  }
  const send = ({ socket }: Pick<Session, 'socket'>, message: unknown): void => {
    if (socket.readyState === socket.OPEN) socket.send(JSON.stringify(message))
  }
  /** Calls a function for each subscription to a stream. */
  const each = (name: string, run: (session: Session, identifier: string) => void): void => {
    for (const session of live) {
      for (const [identifier, names] of session.subscriptions) {
        if (names.includes(name)) run(session, identifier)
      }
    }
  }
  const positioned = (identifier: string, name: string, { message, epoch, offset }: Entry) =>
    isExtended ? { identifier, message, stream_id: name, epoch, offset } : { identifier, message }

  /** Adds a message to a stream, without sending it. */
  function append(name: string, message: unknown): Entry {
    const known = stream(name)
    const entry = { message, epoch: known.epoch, offset: ++known.offset, at: Date.now() }
    known.log = [...known.log, entry].slice(-history)
    return entry
  }

  /** Sends a message of a stream to its subscribers. */
  function deliver(name: string, entry: Entry): void {
    each(name, (session, identifier) => send(session, positioned(identifier, name, entry)))
  }

  function presence(name: string, message: unknown): void {
    each(name, (session, identifier) => send(session, { type: 'presence', identifier, message }))
  }

  function sendHistory(session: Session, identifier: string, request: Fields): void {
    const found: (readonly [string, Entry])[] = []
    for (const name of session.subscriptions.get(identifier) ?? []) {
      const { epoch, offset, log } = stream(name)
      const position = asFields(request.streams)[name]
      if (position !== undefined) {
        const since = Number(asFields(position).offset)
        const missed = log.filter((entry) => entry.offset > since)
        if (asFields(position).epoch !== epoch || missed.length < offset - since) {
          send(session, { type: 'reject_history', identifier })
          return
        }
        found.push(...missed.map((entry) => [name, entry] as const))
      } else if (request.since !== undefined) {
        const missed = log.filter(({ at }) => Math.floor(at / 1000) >= Number(request.since))
        found.push(...missed.map((entry) => [name, entry] as const))
      }
    }
    for (const [name, entry] of found) send(session, positioned(identifier, name, entry))
    send(session, { type: 'confirm_history', identifier })
  }

  function join(session: Session, identifier: string, { id, info }: Fields): void {
    const [name = ''] = session.subscriptions.get(identifier) ?? []
    const { present } = stream(name)
    const isNew = !present.has(String(id))
    present.set(String(id), info)
    session.present.set(identifier, String(id))
    if (isNew) presence(name, { type: 'join', id, info })
  }

  function leave(session: Session, identifier: string): void {
    const id = session.present.get(identifier)
    const [name = ''] = session.subscriptions.get(identifier) ?? []
    session.present.delete(identifier)
    if (id !== undefined && stream(name).present.delete(id)) presence(name, { type: 'leave', id })
  }

  function subscribe(session: Session, identifier: string, command: Fields): void {
    const params: Fields = JSON.parse(identifier)
    if (asString(params.room)?.startsWith('secret')) {
      send(session, { identifier, type: 'reject_subscription' })
      return
    }
    session.subscriptions.set(identifier, streamsOf(params))
    send(session, { identifier, type: 'confirm_subscription' })
    if (command.history) sendHistory(session, identifier, asFields(command.history))
    if (command.presence) join(session, identifier, asFields(command.presence))
  }

  function carryOut(session: Session, command: Fields): void {
    const identifier = String(command.identifier)
    const isKnown = session.subscriptions.has(identifier)
    if (command.command === 'subscribe') {
      if (!isKnown) subscribe(session, identifier, command)
      return
    }
    if (!isKnown) return
    const [name = ''] = session.subscriptions.get(identifier) ?? []
    switch (command.command) {
      case 'unsubscribe':
        leave(session, identifier)
        session.subscriptions.delete(identifier)
        break
      case 'message': {
        const data: Fields = JSON.parse(String(command.data))
        act?.(data, JSON.parse(identifier), (message) => send(session, { identifier, message }))
        break
      }
      case 'history':
        sendHistory(session, identifier, asFields(command.history))
        break
      case 'join':
        join(session, identifier, asFields(command.presence))
        break
      case 'leave':
        leave(session, identifier)
        break
      case 'presence': {
        const records = [...stream(name).present].map(([id, info]) => ({ id, info }))
        const message = { type: 'info', total: records.length, records }
        send(session, { type: 'presence', identifier, message })
        break
      }
      case 'whisper':
        each(name, (other, id) => {
          if (other !== session) send(other, { identifier: id, message: command.data })
        })
    }
  }

  function open(socket: WebSocket, url: string): void {
    const query = new URL(url, 'http://cable').searchParams
    urls.push(url)
    if (isRefusing || !USERS[query.get('token') ?? '']) {
      send({ socket }, { type: 'disconnect', reason: 'unauthorized', reconnect: false })
      socket.close()
      return
    }
    const former = isExtended ? sessions.get(query.get('sid') ?? '') : undefined
    const sid = `sid-${++count}`
    const session = {
      sid,
      socket,
      subscriptions: new Map(former?.subscriptions),
      present: new Map(former?.present),
    }
    sessions.set(sid, session)
    live.add(session)
    const restored = former && { restored: true, restored_ids: [...session.subscriptions.keys()] }
    send(session, { type: 'welcome', ...(isExtended && { sid }), ...restored })
    afterWelcome?.()
    afterWelcome = undefined
    const pings = setInterval(() => {
      send(session, { type: 'ping', message: Math.floor(Date.now() / 1000) })
    }, pingMs)
    socket.on('message', (data) => {
      const command = JSON.parse(String(data))
      commands.push(command)
      carryOut(session, command)
    })
    socket.on('close', () => {
      clearInterval(pings)
      live.delete(session)
    })
  }

  function listen(port: number): WebSocketServer {
    const listening = new WebSocketServer({
      ...{ port, host: '127.0.0.1' },
      handleProtocols: (offered) => offered.has(protocol) && protocol,
    })
    listening.on('connection', (socket, { url }) => {
      socket.on('error', () => {})
      open(socket, url ?? '')
    })
    return listening
  }

  let server = listen(0)
  await once(server, 'listening')
  const address = server.address()
  const port = typeof address === 'object' && address ? address.port : 0
  /** Cuts all connections, without a close frame. */
  const cut = async (): Promise<void> => {
    const closed = [...live].map(({ socket }) => once(socket, 'close'))
    for (const { socket } of live) socket.terminate()
    await Promise.all(closed)
  }
  const stop = async (): Promise<void> => {
    const closed = new Promise((resolve) => server.close(resolve))
    await cut()
    await closed
  }
  onTestFinished(stop)

  return {
    url: `ws://127.0.0.1:${port}/cable`,
    commands,
    urls,
    stream,
    append,
    deliver,
    cut,
    /** Publishes a message on a stream. */
    publish: (name: string, message: unknown) => deliver(name, append(name, message)),
    /** Sends a message to all connections. */
    announce: (message: unknown) => {
      for (const session of live) send(session, message)
    },
    /** Calls a function after the welcome of the next connection, before its first command. */
    first: (run: () => void) => {
      afterWelcome = run
    },
    /** Number of connections. */
    get connections() {
      return live.size
    },
    /** Refuses all credentials from now on. */
    refuse: () => {
      isRefusing = true
    },
    /** Kills the server, which forgets all sessions. */
    async kill() {
      await stop()
      sessions.clear()
    },
    /** Starts it again on the same port. */
    async restart() {
      server = listen(port)
      await once(server, 'listening')
    },
    /** Begins a new epoch of a stream, without its history. */
    forget(name: string, epoch: string) {
      const known = stream(name)
      known.epoch = epoch
      known.log = []
      known.offset = 0
    },
  }
}
