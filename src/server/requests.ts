import type { Refusal } from '../base/errors.ts'
import { WirefoldError } from '../base/errors.ts'
import { isChannel } from '../wire/fields.ts'
import type { ChannelPosition, RefusalFrame, ReplyFrame } from '../wire/frame.ts'
import type { PublishCommand, RequestCommand, ServerDialect } from '../wire/server-dialect.ts'
import type { ServerCore } from './core.ts'
import type { RequestHandler } from './handlers.ts'
import type { User } from './options.ts'
import { refusal, refusalOf } from './refusals.ts'

/** Who asks. */
export interface Caller {
  readonly dialect: ServerDialect
  readonly user: User | null
  /** What an anonymous client calls itself. */
  readonly senderId: string | undefined
  readonly connectionId: string
  /** Aborted once the connection is gone. */
  readonly signal: AbortSignal
}

/** What a request or publish came to. */
export interface Answer {
  /** What the asker is told; `undefined` where the dialect has no word for it. */
  readonly text: string | undefined
  /** Whether asking again would change nothing. */
  readonly lasting: boolean
}

/** Carries out a request or publish. Never rejects; there is one answer, whatever happens. */
export async function answer(
  core: ServerCore,
  caller: Caller,
  command: PublishCommand | RequestCommand,
): Promise<Answer> {
  const to = command.requestId === undefined ? [] : [command.requestId]
  try {
    const frame =
      command.kind === 'publish'
        ? await answerPublish(core, caller, command)
        : await answerRequest(core, caller, command)
    // A reply that is not JSON throws here, and is the handler's failure like any other.
    return encode(caller.dialect, { ...frame, to })
  } catch (cause) {
    return encodeFailure(core, caller, command, cause, to)
  }
}

function encodeFailure(
  core: ServerCore,
  { dialect }: Caller,
  command: PublishCommand | RequestCommand,
  cause: unknown,
  to: readonly string[],
): Answer {
  try {
    return encode(dialect, refusalFrame(failure(core, command, cause), to))
  } catch (another) {
    // A refusal whose details are not JSON.
    core.report(another)
    return encode(dialect, refusalFrame(refusal('handler-failed'), to))
  }
}

function encode(dialect: ServerDialect, frame: ReplyFrame | RefusalFrame): Answer {
  const lasting = frame.kind === 'reply' || !frame.error.retryable
  return { text: dialect.encode(frame), lasting }
}

async function answerPublish(
  { access, publisher, options }: ServerCore,
  { user }: Caller,
  { channel, id, type, payload }: PublishCommand,
): Promise<ReplyFrame | RefusalFrame> {
  if (!isChannel(channel) || channel.endsWith(':*')) {
    return refusalFrame(refusal('bad-channel', channel))
  }
  if (!(await access.authorize(user, channel, 'publish'))) {
    return refusalFrame(refusal('forbidden', channel))
  }
  const event = { type, id, timestamp: options.clock.wall() }
  const position = await publisher.publish(channel, event, payload)
  return replyFrame(undefined, [{ channel, ...position }])
}

async function answerRequest(
  core: ServerCore,
  caller: Caller,
  command: RequestCommand,
): Promise<ReplyFrame | RefusalFrame> {
  const { channel, requestId, type } = command
  const handler = core.handlers.get(type)
  if (!handler || requestId === undefined) return refusalFrame(refusal('unknown-type', channel))
  if (channel !== undefined) {
    if (!isChannel(channel)) return refusalFrame(refusal('bad-channel', channel))
    if (!(await core.access.authorize(caller.user, channel, 'request'))) {
      return refusalFrame(refusal('forbidden', channel))
    }
  }
  return handle(core, caller, handler, { ...command, requestId })
}

async function handle(
  { publisher, options }: ServerCore,
  { user, connectionId, signal }: Caller,
  handler: RequestHandler,
  { channel, id, requestId, payload }: RequestCommand & { readonly requestId: string },
): Promise<ReplyFrame> {
  const at: ChannelPosition[] = []
  const idFor = idsOf(id)
  const result = await handler(payload, {
    user,
    connectionId,
    requestId,
    channel,
    id,
    signal,
    async publish(on, type, about) {
      const event = { type, id: idFor(on), timestamp: options.clock.wall() }
      const position = await publisher.publish(on, event, about)
      at.push({ channel: on, ...position })
      return position
    },
  })
  return replyFrame(result, at.length ? at : undefined)
}

/** The ids of the events that one request brings about: of those on one channel, each its own. */
function idsOf(id: string | undefined): (channel: string) => string | undefined {
  const counts = new Map<string, number>()
  return (channel) => {
    const count = (counts.get(channel) ?? 0) + 1
    counts.set(channel, count)
    return id === undefined || count === 1 ? id : `${id}/${count}`
  }
}

/** What the client hears of an error: what was meant for it, or that something failed. */
function failure(
  { report }: ServerCore,
  command: PublishCommand | RequestCommand,
  cause: unknown,
): Refusal {
  const meant = refusalOf(cause)
  if (meant) return meant
  const where = command.kind === 'publish' ? 'publish' : `request ${command.type}`
  const message = `The ${where} failed; the client was told no more than that.`
  report(new WirefoldError('handler-failed', message, { where }, { cause }))
  return refusal(command.kind === 'publish' ? 'internal' : 'handler-failed')
}

function replyFrame(payload: unknown, at: readonly ChannelPosition[] | undefined): ReplyFrame {
  return { kind: 'reply', to: [], payload, at }
}

function refusalFrame(error: Refusal, to: readonly string[] = []): RefusalFrame {
  return { kind: 'refusal', to, error }
}
