import type { Refusal } from '../base/errors.ts'
import { WirefoldError } from '../base/errors.ts'
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
    return encode(core, caller.dialect, { ...frame, to })
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
    return encode(core, dialect, refusalFrame(failure(core, command, cause), to))
  } catch (another) {
    // A refusal whose details are not JSON.
    core.report(another)
    return encode(core, dialect, refusalFrame(refusal('handler-failed'), to))
  }
}

function encode(
  { counters }: ServerCore,
  dialect: ServerDialect,
  frame: ReplyFrame | RefusalFrame,
): Answer {
  const text = dialect.encode(frame)
  if (frame.kind === 'reply') return { text, lasting: true }
  counters.refused(frame.error.code)
  return { text, lasting: !frame.error.retryable }
}

async function answerPublish(
  { access, publisher, options }: ServerCore,
  { user }: Caller,
  { channel, id, type, payload }: PublishCommand,
): Promise<ReplyFrame | RefusalFrame> {
  if (!access.isChannel(channel) || channel.endsWith(':*')) {
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
    if (!core.access.isChannel(channel)) return refusalFrame(refusal('bad-channel', channel))
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
  { channel, requestId, payload }: RequestCommand & { readonly requestId: string },
): Promise<ReplyFrame> {
  const at: ChannelPosition[] = []
  const result = await handler(payload, {
    user,
    connectionId,
    requestId,
    channel,
    signal,
    async publish(on, type, about) {
      const event = { type, id: undefined, timestamp: options.clock.wall() }
      const position = await publisher.publish(on, event, about)
      at.push({ channel: on, ...position })
      return position
    },
  })
  return replyFrame(result, at.length ? at : undefined)
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
