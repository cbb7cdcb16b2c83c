import { badOption, WirefoldError } from '../../../base/errors.ts'
import { checkNames } from '../../../base/known-names.ts'
import type { DUUIEnvelope } from '../../../dialects/duui/contexts.ts'
import { processChannel } from '../../../dialects/duui/envelope.ts'
import { DUUI_EVENT } from '../../../dialects/duui/server.ts'
import { isChannel } from '../../../protocol/channel-name.ts'
import type { Fields } from '../../../protocol/fields.ts'
import { asFields, asNumber, asString } from '../../../protocol/fields.ts'
import { notBefore } from '../../access/reach.ts'
import type { HttpRefusal, UpgradeRequest } from '../../access/upgrade-request.ts'
import type { Mount, MountHost, MountSession } from '../../session/mount.ts'
import type { Socket } from '../../socket/socket.ts'
import type { SnapshotRange } from './duui-session.ts'
import { DuuiSession } from './duui-session.ts'
import type { TimelineStore } from './timeline-store.ts'
import { MemoryTimelineStore } from './timeline-store.ts'

/**
 * Creates a mount for the event stream of a DUUI gateway: each socket receives the events of one
 * process.
 *
 * Envelopes are sent as exactly the JSON that is stored.
 *
 * @example
 * import type { DUUIEnvelope } from 'wirefold/dialects/duui'
 * import { duuiMount } from 'wirefold/server'
 *
 * const duui = duuiMount({ snapshot: true })
 * server.mount('/ws/processes/:id/events', duui)
 * export const publish = (envelope: DUUIEnvelope) => duui.publish(envelope)
 */
export function duuiMount(options?: DuuiMountOptions): DuuiMount {
  return new DuuiMount(options)
}

/** A mount made by {@link duuiMount}. */
export class DuuiMount implements Mount {
  readonly protocols: readonly string[] = []
  readonly #store: TimelineStore
  readonly #snapshot: boolean
  /** The last running step of each process; the steps of a process run one after the other. */
  readonly #steps = new Map<string, Promise<void>>()
  #host: MountHost | undefined
  #ignored = 0

  constructor(options: DuuiMountOptions = {}) {
    checkNames('duuiMount()', options, { store: 0, snapshot: 0 })
    this.#store = options.store ?? new MemoryTimelineStore()
    this.#snapshot = options.snapshot ?? false
  }

  /** Number of client messages that were ignored; the protocol has none. */
  get ignored(): number {
    return this.#ignored
  }

  mounted(host: MountHost): void {
    if (this.#host)
      throw badOption('mount', 'This mount is in use. Create one mount per path and server.')
    this.#host = host
  }

  unmounted(host: MountHost): void {
    if (this.#host === host) this.#host = undefined
  }

  /**
   * Stores an envelope, then sends it to the sockets of its process.
   *
   * Rejects with `bad-frame` if it is not an envelope, with the error of the store, or with
   * `bad-option` before it is mounted; the envelope is not sent then.
   */
  async publish(envelope: DUUIEnvelope): Promise<void> {
    const host = this.#host
    if (!host)
      throw badOption('mount', 'This mount is not mounted. Pass it to server.mount() first.')
    const { processId, id, json } = read(envelope)
    const source = processChannel(processId)
    const { timestamp } = envelope
    const record: DUUIEnvelope = { timestamp, event: JSON.parse(json) }
    await this.#inOrder(processId, async () => {
      await this.#store.append(record)
      await host.channels.append({ source, type: DUUI_EVENT, json, id, timestamp })
    })
  }

  /** Returns the stored envelopes of a process in order, to serve them over HTTP. */
  async timeline(processId: string): Promise<readonly DUUIEnvelope[]> {
    return this.#store.timeline(processId)
  }

  refuse(request: UpgradeRequest): HttpRefusal | undefined {
    const id = request.params.get('id')
    if (id !== undefined && isProcess(id)) return undefined
    return { status: 400, code: 'bad-path', reason: 'The path names no process.' }
  }

  open(socket: Socket, request: UpgradeRequest, host: MountHost): MountSession {
    const processId = request.params.get('id') ?? ''
    return new DuuiSession(host, socket, request, {
      channel: processChannel(processId),
      snapshot: async (range, receives) => {
        const past = this.#snapshot ? await this.#past(host, processId, range) : []
        const receivable = past.filter(({ timestamp, event }) =>
          receives({ type: DUUI_EVENT, payload: event, id: idOf(asFields(event)), timestamp }),
        )
        return receivable.map((envelope) => JSON.stringify(envelope))
      },
      inOrder: (step) => this.#inOrder(processId, step),
      ignored: () => {
        this.#ignored += 1
      },
    })
  }

  /**
   * Returns the past of a process from a time or a position on. The store knows no positions: the
   * events after one come from the channel's history, and none where it no longer has them all.
   */
  async #past(
    { channels }: MountHost,
    processId: string,
    { since, head }: SnapshotRange,
  ): Promise<readonly Envelope[]> {
    if (since && !(since instanceof Date)) {
      const { events } = await channels.history(processChannel(processId), since)
      return events
        .filter(({ type, offset = 0 }) => type === DUUI_EVENT && offset <= head.offset)
        .map(({ timestamp, payload }) => ({ timestamp, event: payload }))
    }
    const stored = await this.#store.timeline(processId)
    return since ? notBefore(stored, since) : stored
  }

  #inOrder(processId: string, step: () => Promise<void>): Promise<void> {
    const before = this.#steps.get(processId) ?? Promise.resolve()
    const last = before.then(step, step)
    this.#steps.set(processId, last)
    const done = (): void => {
      if (this.#steps.get(processId) === last) this.#steps.delete(processId)
    }
    last.then(done, done)
    return last
  }

  /** @internal Vue's `reactive` leaves objects alone that have a tag of their own. */
  get [Symbol.toStringTag](): string {
    return 'DuuiMount'
  }
}

/** Options of a {@link DuuiMount}. */
export interface DuuiMountOptions {
  /**
   * The store for the envelopes.
   * @default in memory
   */
  readonly store?: TimelineStore | undefined
  /**
   * Whether a socket first receives all stored envelopes of its process. Otherwise it begins with
   * the next event, and clients fetch the past from where {@link DuuiMount.timeline} is served.
   * @default false
   */
  readonly snapshot?: boolean | undefined
}

/** An envelope as it was published. */
type Envelope = Pick<DUUIEnvelope, 'timestamp'> & { readonly event: unknown }

/** Whether a process has a valid channel, which is not a family of channels (`:*`). */
function isProcess(id: string): boolean {
  const channel = processChannel(id)
  return isChannel(channel) && !channel.endsWith(':*')
}

/** Reads the fields of an envelope; throws `bad-frame` if it is not one. */
function read(envelope: DUUIEnvelope): {
  readonly processId: string
  readonly id: string | undefined
  readonly json: string
} {
  const event = asFields(asFields(envelope).event)
  const processId = asString(event.process_id)
  if (asNumber(envelope?.timestamp) === undefined) throw unfit('timestamp is not a number')
  if (!processId || !isProcess(processId)) {
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
