import type { Clock } from '../../base/clock.ts'
import type { Awaitable } from '../../base/deferred.ts'
import { andThen, isPromise, orElse } from '../../base/deferred.ts'
import type { Refusal } from '../../base/errors.ts'
import { WirefoldError } from '../../base/errors.ts'
import { randomId } from '../../base/ids.ts'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import { isOwnType, OWN_TYPE_RULE } from '../../protocol/reserved-types.ts'
import type { Encoded, ServerDialect } from '../../protocol/server-dialect.ts'
import type { ServerFrame } from '../../protocol/server-frame.ts'
import type { Access } from '../access/access.ts'
import { badFrame, refusal, refusalFromError } from '../access/refusals.ts'
import type { StoredReply } from '../broker/broker.ts'
import type { RequestResult } from '../broker/request-record.ts'
import { isLasting, recordOf, refused, replied } from '../broker/request-record.ts'
import type { PublishContexts } from '../channels/publish-context.ts'
import { PublishContext } from '../channels/publish-context.ts'
import type { Publisher } from '../channels/publisher.ts'
import { toJson } from '../channels/publisher.ts'
import type { ContractChecks, Received } from '../contract/contract-checks.ts'
import type { Counters } from '../metrics/counters.ts'
import type { AddedHandler, RequestContext, RequestHandlers } from './request-handlers.ts'
import type { Sender } from './sender.ts'

/**
 * Runs a request or publish and encodes its result, also if it fails. Never throws or rejects.
 *
 * @param remember key and lifetime of the result in the reply store; makes the broker store the
 * reply of a publish together with the event
 */
export function runRequest(
  deps: RunRequestDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  remember?: StoredReply,
): Awaitable<WrittenResult> {
  const run = (): Awaitable<WrittenResult> => {
    const result =
      command.kind === 'publish'
        ? answerPublish(deps, caller, command, remember)
        : answerRequest(deps, caller, command, remember?.key)
    return andThen<RequestResult, WrittenResult>(result, (result) => {
      // Throws if the reply is not JSON; that counts as a failure of the handler.
      const written = write(deps, caller.dialect, command, result)
      const stored = command.kind === 'publish' && result.kind === 'reply'
      return stored ? { ...written, record: undefined } : written
    })
  }
  return orElse(run, (cause) => writeFailure(deps, caller, command, cause))
}

/** The dependencies of {@link runRequest}. */
export interface RunRequestDeps {
  readonly clock: Clock
  readonly access: Access
  readonly publisher: Publisher
  /** The requests whose handlers run. */
  readonly ongoing: PublishContexts
  readonly handlers: RequestHandlers
  readonly counters: Counters
  /** Checks payloads and replies by the contract, if the server has one. */
  readonly checks: ContractChecks | undefined
  /** Receives the errors of handlers; never throws. */
  report(error: unknown): void
}

/** The sender of a request: a client on one connection. */
export interface Caller extends Sender {
  readonly dialect: ServerDialect
  /** The text to put before the ids of its events. */
  readonly tag: string
  /** The part of the keys of its requests that identifies it in the reply store. */
  readonly senderKey: string
  /** Aborted once the connection is gone. */
  readonly signal: AbortSignal
}

/** The encoded result of a request or publish. */
export interface WrittenResult {
  /** Texts of the reply; `undefined` if the dialect does not support it. */
  readonly text: Encoded
  /** Record to store; `undefined` if the broker has stored it with the event. */
  readonly record: string | undefined
  /** Whether a retry gets this result; false for a retryable refusal. */
  readonly lasting: boolean
}

/** Returns the text of a result; `undefined` if the dialect does not support it. */
export function encodeResult(
  { clock }: Pick<RunRequestDeps, 'clock'>,
  dialect: ServerDialect,
  { kind, requestId, type }: PublishCommand | RequestCommand,
  result: RequestResult,
): Encoded {
  // Without an id a publish has no reply; its refusal is for dialects that can name it.
  if (kind === 'publish' && requestId === undefined && result.kind === 'reply') return undefined
  const to = requestId === undefined ? [] : [requestId]
  const about = kind === 'publish' ? kind : type
  // No spread: an object literal has its final shape at once.
  const frame: ServerFrame =
    result.kind === 'reply'
      ? { kind: 'reply', to, payload: result.payload, at: result.at, type: about }
      : { kind: 'refusal', to, error: result.error, type: about }
  return dialect.encode(frame, clock.wall())
}

function writeFailure(
  deps: RunRequestDeps,
  { dialect }: Caller,
  command: PublishCommand | RequestCommand,
  cause: unknown,
): WrittenResult {
  try {
    return write(deps, dialect, command, refused(failure(deps, command, cause)))
  } catch (encodingError) {
    // The details of the refusal are not JSON.
    deps.report(encodingError)
    return write(deps, dialect, command, refused(refusal('handler-failed')))
  }
}

function write(
  deps: RunRequestDeps,
  dialect: ServerDialect,
  command: PublishCommand | RequestCommand,
  result: RequestResult,
): WrittenResult {
  const text = encodeResult(deps, dialect, command, result)
  if (result.kind === 'refusal') deps.counters.refused(result.error.code)
  return { text, record: recordOf(result), lasting: isLasting(result) }
}

async function answerPublish(
  { access, publisher, clock, checks }: RunRequestDeps,
  { user, tag }: Caller,
  { channel, id, type, payload }: PublishCommand,
  remember: StoredReply | undefined,
): Promise<RequestResult> {
  if (!access.isChannel(channel) || channel.endsWith(':*')) {
    return refused(refusal('bad-channel', channel))
  }
  if (!isOwnType(type)) return refused(badFrame(`the type of an event is ${OWN_TYPE_RULE}`))
  if (!(await access.authorize(user, channel, 'publish'))) {
    return refused(refusal('forbidden', channel))
  }
  const received = checks?.event(channel, type, payload)
  const { error } = (isPromise(received) ? await received : received) ?? {}
  if (error) return refused(error)
  // What came is sent on, not what the schema made of it, which the receivers would parse again.
  const json = toJson(type, payload)
  const event = { source: channel, type, json, id: tagged(tag, id), timestamp: clock.wall() }
  const position = await publisher.relay(event, remember)
  return replied(undefined, [{ channel, ...position }])
}

function answerRequest(
  deps: RunRequestDeps,
  caller: Caller,
  command: RequestCommand,
  key: string | undefined,
): Awaitable<RequestResult> {
  const { channel, type, ordered } = command
  const requestId = command.requestId ?? (ordered ? randomId() : undefined)
  const handler = deps.handlers.get(type)
  if (!handler || requestId === undefined) return refused(refusal('unknown-type', channel))
  const run = () => handleChecked(deps, caller, handler, { command, requestId, key })
  if (channel === undefined) return run()
  if (!deps.access.isChannel(channel)) return refused(refusal('bad-channel', channel))
  const permission = deps.access.authorize(caller.user, channel, 'request')
  return andThen(permission, (granted) =>
    granted ? run() : refused(refusal('forbidden', channel)),
  )
}

/** Runs the handler with what the contract makes of the payload, or refuses the request. */
function handleChecked(
  deps: RunRequestDeps,
  caller: Caller,
  handler: AddedHandler,
  request: HandledRequest,
): Awaitable<RequestResult> {
  const { type, payload } = request.command
  if (!deps.checks) return handle(deps, caller, handler, request, payload)
  return andThen<Received, RequestResult>(deps.checks.request(type, payload), (received) => {
    if (received.error) return refused(received.error)
    return handle(deps, caller, handler, request, received.value)
  })
}

function handle(
  { access, publisher, clock, ongoing, checks }: RunRequestDeps,
  { user, connectionId, tag, signal }: Caller,
  { handler, timeoutMs, idempotent }: AddedHandler,
  { command, requestId, key }: HandledRequest,
  payload: unknown,
): Awaitable<RequestResult> {
  const { channel, type } = command
  const id = tagged(tag, command.id)
  const request = new PublishContext({ publisher, clock, user, id, key, idempotent }, ongoing)
  // Without a limit no signal is made: that would be the most expensive part of a request.
  const deadline = timeoutMs < Number.POSITIVE_INFINITY ? new AbortController() : undefined
  const context: RequestContext = {
    user,
    connectionId,
    requestId,
    channel,
    id,
    signal: deadline ? AbortSignal.any([signal, deadline.signal]) : signal,
    publish: (on, type, about) => request.publish(on, type, about),
  }
  const answer = (reply: unknown): Awaitable<RequestResult> =>
    andThen(checks?.reply(type, reply), () => replied(reply, request.at))
  // Without a contract the handler declares the type of its payload, which is not checked: see `RequestHandler`.
  const returned = request.run(() => handler(payload as never, context))
  if (!isPromise(returned)) return answer(returned)
  const done: Promise<RequestResult> = Promise.resolve(returned).then(answer)
  if (!deadline) return done
  return access.deadlines.within(timeoutMs, done, (closed) => {
    // A server that closes lets its handlers finish, for a retry on another server.
    if (closed) return done
    deadline.abort()
    return refused(refusal('outcome-unknown', channel))
  })
}

/** A request for a handler. */
interface HandledRequest {
  readonly command: RequestCommand
  readonly requestId: string
  /** Its key in the reply store; `undefined` if its result is not stored. */
  readonly key: string | undefined
}

function tagged(tag: string, id: string | undefined): string | undefined {
  return id === undefined ? undefined : tag + id
}

/** Returns the refusal for an error. Only errors made by `refuse` are sent to the client. */
function failure(
  { report }: RunRequestDeps,
  command: PublishCommand | RequestCommand,
  cause: unknown,
): Refusal {
  const sent = refusalFromError(cause)
  if (sent) return sent
  const where = command.kind === 'publish' ? 'publish' : `request ${command.type}`
  const message = `The ${where} failed; see the cause, which is not sent to the client.`
  report(new WirefoldError('handler-failed', message, { where }, { cause }))
  return refusal(command.kind === 'publish' ? 'internal' : 'handler-failed')
}
