import { WirefoldError } from '../../../base/errors.ts'
import type { DUUIEnvelope } from '../../../dialects/duui/contexts.ts'
import { processChannel } from '../../../dialects/duui/envelope.ts'
import { DUUI_EVENT } from '../../../dialects/duui/server.ts'
import { isChannel } from '../../../protocol/channel-name.ts'
import type { Fields } from '../../../protocol/fields.ts'
import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import type { ReceivableEvent } from '../../access/hooks.ts'
import type { HttpRefusal, UpgradeRequest } from '../../access/upgrade-request.ts'
import type { Mount, MountHost, MountSession } from '../../session/mount.ts'
import type { Socket } from '../../socket/socket.ts'
import { DuuiSession } from './duui-session.ts'
import type { TimelineStore } from './timeline-store.ts'
import { MemoryTimelineStore } from './timeline-store.ts'

/** How a {@link DuuiMount} is made. */
export interface DuuiMountOptions {
  /**
   * Keeps the envelopes.
   * @default in memory
   */
  readonly store?: TimelineStore | undefined
  /**
   * Whether a socket begins with everything that is stored of its process. Without, it begins with
   * what happens next, and the past is fetched from where {@link DuuiMount.timeline} is served.
   * @default false
   */
  readonly snapshot?: boolean | undefined
}

/**
 * A DUUI gateway's event stream: one socket is the whole stream of one process, one way.
 *
 * Every envelope is stored and told as the very same JSON.
 *
 * @example
 * const duui = new DuuiMount({ snapshot: true })
 * server.mount('/ws/processes/:id/events', duui)
 * await duui.publish(envelope)
 */
export class DuuiMount implements Mount {
  readonly protocols: readonly string[] = []
  readonly #store: TimelineStore
  readonly #snapshot: boolean
  /** The last step of every process that has one under way: they go one by one. */
  readonly #turns = new Map<string, Promise<void>>()
  #host: MountHost | undefined
  #ignored = 0

  constructor(options: DuuiMountOptions = {}) {
    this.#store = options.store ?? new MemoryTimelineStore()
    this.#snapshot = options.snapshot ?? false
  }

  /** How many messages of clients were left aside: the stream goes one way. */
  get ignored(): number {
    return this.#ignored
  }

  mounted(host: MountHost): void {
    if (this.#host)
      throw new TypeError('This mount is in use: make one for every path and every server.')
    this.#host = host
  }

  unmounted(host: MountHost): void {
    if (this.#host === host) this.#host = undefined
  }

  /**
   * Stores an envelope, then tells it to everybody who watches its process.
   *
   * Rejects with `bad-frame` where it is not an envelope, or as the store does; it is told to nobody
   * then.
   */
  async publish(envelope: DUUIEnvelope): Promise<void> {
    const host = this.#host
    if (!host)
      throw new TypeError('This mount serves nothing yet: give it to server.mount() first.')
    const { processId, id, json } = read(envelope)
    const source = processChannel(processId)
    const { timestamp } = envelope
    const record: DUUIEnvelope = { timestamp, event: JSON.parse(json) }
    await this.#inTurn(processId, async () => {
      await this.#store.append(record)
      await host.channels.append({ source, type: DUUI_EVENT, json, id, timestamp })
    })
  }

  /** What is stored of a process, in order: the data of a GET beside the socket. */
  async timeline(processId: string): Promise<readonly DUUIEnvelope[]> {
    return this.#store.timeline(processId)
  }

  refuse(request: UpgradeRequest): HttpRefusal | undefined {
    const id = request.params.get('id')
    if (id !== undefined && isChannel(processChannel(id))) return undefined
    return { status: 400, code: 'bad-path', reason: 'The path names no process.' }
  }

  open(socket: Socket, request: UpgradeRequest, host: MountHost): MountSession {
    const processId = request.params.get('id') ?? ''
    return new DuuiSession(host, socket, request, {
      channel: processChannel(processId),
      past: (receives) => this.#past(processId, receives),
      inTurn: (step) => this.#inTurn(processId, step),
      ignored: () => {
        this.#ignored += 1
      },
    })
  }

  async #past(
    processId: string,
    receives: (event: ReceivableEvent) => boolean,
  ): Promise<readonly string[]> {
    if (!this.#snapshot) return []
    const stored = await this.#store.timeline(processId)
    const due = stored.filter(({ timestamp, event }) =>
      receives({ type: DUUI_EVENT, payload: event, id: idOf(asFields(event)), timestamp }),
    )
    return due.map((envelope) => JSON.stringify(envelope))
  }

  #inTurn(processId: string, step: () => Promise<void>): Promise<void> {
    const before = this.#turns.get(processId) ?? Promise.resolve()
    const turn = before.then(step, step)
    this.#turns.set(processId, turn)
    const done = (): void => {
      if (this.#turns.get(processId) === turn) this.#turns.delete(processId)
    }
    turn.then(done, done)
    return turn
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'DuuiMount'
  }
}

/** What of an envelope matters here; throws `bad-frame` where it is none. */
function read(envelope: DUUIEnvelope): {
  readonly processId: string
  readonly id: string | undefined
  readonly json: string
} {
  const event = asFields(asFields(envelope).event)
  const processId = asString(event.process_id)
  if (asNumber(envelope?.timestamp) === undefined) throw unfit('timestamp is not a number')
  if (!processId || !isChannel(processChannel(processId))) {
    throw unfit('event.process_id is not a string that can name a channel')
  }
  if (!asString(asFields(event.context).kind)) {
    throw unfit('event.context.kind is missing: set it to the simple class name of the context')
  }
  try {
    return { processId, id: idOf(event), json: JSON.stringify(event) }
  } catch (cause) {
    throw unfit('event is not JSON', cause)
  }
}

function idOf(event: Fields): string | undefined {
  return asString(event._id) ?? asString(event.event_id)
}

function unfit(reason: string, cause?: unknown): WirefoldError {
  const message = `An envelope was not published: ${reason}.`
  return new WirefoldError('bad-frame', message, { reason }, { cause })
}
