import type { Clock } from '../../base/clock.ts'
import type { Refusal } from '../../base/errors.ts'
import { WirefoldError } from '../../base/errors.ts'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import type { ServerDialect } from '../../protocol/server-dialect.ts'
import type { Access } from '../access/access.ts'
import type { User } from '../access/hooks.ts'
import { refusal, refusalFromError } from '../access/refusals.ts'
import type { Remember } from '../broker/broker.ts'
import type { RequestResult } from '../broker/request-record.ts'
import { isLasting, recordOf, refused, replied } from '../broker/request-record.ts'
import type { PublishContexts } from '../channels/publish-context.ts'
import { PublishContext } from '../channels/publish-context.ts'
import type { Publisher } from '../channels/publisher.ts'
import type { Counters } from '../metrics/counters.ts'
import type { RequestContext, RequestHandler, RequestHandlers } from './request-handlers.ts'

/** The dependencies of {@link runRequest}. */
export interface RunRequestDeps {
  readonly clock: Clock
  readonly access: Access
  readonly publisher: Publisher
  /** The requests whose handlers run. */
  readonly ongoing: PublishContexts
  readonly handlers: RequestHandlers
  readonly counters: Counters
  /** Receives the errors of handlers; never throws. */
  report(error: unknown): void
}

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
export interface WrittenResult {
  /** What the asker is told; `undefined` where the dialect has no word for it. */
  readonly text: string | undefined
  /** What is to be remembered; `undefined` where that is done already. */
  readonly record: string | undefined
  /** Whether asking again would change nothing. */
  readonly lasting: boolean
}

/**
 * Carries out a request or publish. Never rejects; there is one answer, whatever happens.
 *
 * @param remember where the answer is to be remembered: a publish has its broker do so
 */
export async function runRequest(
  deps: RunRequestDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  remember?: Remember,
): Promise<WrittenResult> {
  try {
    const outcome =
      command.kind === 'publish'
        ? await answerPublish(deps, caller, command, remember)
        : await answerRequest(deps, caller, command)
    // A reply that is not JSON throws here, and is the handler's failure like any other.
    const written = write(deps, caller.dialect, command, outcome)
    const remembered = command.kind === 'publish' && outcome.kind === 'reply'
    return remembered ? { ...written, record: undefined } : written
  } catch (cause) {
    return writeFailure(deps, caller, command, cause)
  }
}

/** The text of an outcome for whoever asked. */
export function encodeResult(
  dialect: ServerDialect,
  { requestId }: PublishCommand | RequestCommand,
  outcome: RequestResult,
): string | undefined {
  return dialect.encode({ ...outcome, to: requestId === undefined ? [] : [requestId] })
}

function writeFailure(
  deps: RunRequestDeps,
  { dialect }: Caller,
  command: PublishCommand | RequestCommand,
  cause: unknown,
): WrittenResult {
  try {
    return write(deps, dialect, command, refused(failure(deps, command, cause)))
  } catch (another) {
    // A refusal whose details are not JSON.
    deps.report(another)
    return write(deps, dialect, command, refused(refusal('handler-failed')))
  }
}

function write(
  { counters }: RunRequestDeps,
  dialect: ServerDialect,
  command: PublishCommand | RequestCommand,
  outcome: RequestResult,
): WrittenResult {
  const text = encodeResult(dialect, command, outcome)
  if (outcome.kind === 'refusal') counters.refused(outcome.error.code)
  return { text, record: recordOf(outcome), lasting: isLasting(outcome) }
}

async function answerPublish(
  { access, publisher, clock }: RunRequestDeps,
  { user }: Caller,
  { channel, id, type, payload }: PublishCommand,
  remember: Remember | undefined,
): Promise<RequestResult> {
  if (!access.isChannel(channel) || channel.endsWith(':*')) {
    return refused(refusal('bad-channel', channel))
  }
  if (!(await access.authorize(user, channel, 'publish'))) {
    return refused(refusal('forbidden', channel))
  }
  const event = { type, id, timestamp: clock.wall() }
  const position = await publisher.publish(channel, event, payload, remember)
  return replied(undefined, [{ channel, ...position }])
}

async function answerRequest(
  deps: RunRequestDeps,
  caller: Caller,
  command: RequestCommand,
): Promise<RequestResult> {
  const { channel, requestId, type } = command
  const handler = deps.handlers.get(type)
  if (!handler || requestId === undefined) return refused(refusal('unknown-type', channel))
  if (channel !== undefined) {
    if (!deps.access.isChannel(channel)) return refused(refusal('bad-channel', channel))
    if (!(await deps.access.authorize(caller.user, channel, 'request'))) {
      return refused(refusal('forbidden', channel))
    }
  }
  return handle(deps, caller, handler, { ...command, requestId })
}

async function handle(
  { publisher, clock, ongoing }: RunRequestDeps,
  { user, connectionId, signal }: Caller,
  handler: RequestHandler<never>,
  { channel, id, requestId, payload }: RequestCommand & { readonly requestId: string },
): Promise<RequestResult> {
  const request = new PublishContext({ publisher, clock, user, id })
  const context: RequestContext = {
    user,
    connectionId,
    requestId,
    channel,
    id,
    signal,
    publish: (on, type, about) => request.publish(on, type, about),
  }
  // The payload is what the handler said it expects.
  const result = await ongoing.run(request, () => handler(payload as never, context))
  return replied(result, request.at)
}

/** What the client hears of an error: what was meant for it, or that something failed. */
function failure(
  { report }: RunRequestDeps,
  command: PublishCommand | RequestCommand,
  cause: unknown,
): Refusal {
  const meant = refusalFromError(cause)
  if (meant) return meant
  const where = command.kind === 'publish' ? 'publish' : `request ${command.type}`
  const message = `The ${where} failed; the client was told no more than that.`
  report(new WirefoldError('handler-failed', message, { where }, { cause }))
  return refusal(command.kind === 'publish' ? 'internal' : 'handler-failed')
}
