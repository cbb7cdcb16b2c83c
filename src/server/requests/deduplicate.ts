import { hash } from 'node:crypto'
import type { Awaitable } from '../../base/deferred.ts'
import { andThen, orElse } from '../../base/deferred.ts'
import type { Refusal } from '../../base/errors.ts'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import type { Encoded, ServerDialect } from '../../protocol/server-dialect.ts'
import type { RefusalCode } from '../access/refusals.ts'
import { rateLimited, refusal, refusalFromError } from '../access/refusals.ts'
import type { ReplyStore } from '../broker/reply-store.ts'
import { refused, resultOf } from '../broker/request-record.ts'
import { contentDigest } from './content-digest.ts'
import type { RequestSlots } from './request-slots.ts'
import type { Caller, RunRequestDeps } from './run-request.ts'
import { encodeResult, runRequest } from './run-request.ts'
import type { Sender } from './sender.ts'
import { scopeOf } from './sender.ts'

/** Number of servers that may die while they run one request; it is `outcome-unknown` then. */
const MOST_DEATHS = 5

/** Longest part of a key that is not replaced by its digest, in bytes. */
const LONGEST_PART = 64

/** Time before a request that was refused because too many are remembered may be repeated. */
const RETRY_MS = 10_000

/** The dependencies of {@link runOnce}. */
export interface RunOnceDeps extends RunRequestDeps {
  readonly replies: ReplyStore
  /** Lifetime of stored replies, in milliseconds. */
  readonly dedupeMs: number
  /** Maximum number of running requests of one connection. */
  readonly mostRunning: number
  /** The running requests of all connections. */
  readonly slots: RequestSlots
}

/**
 * Runs a request or publish at most once: a repeat gets the stored reply, even if the user has lost
 * the permission since. Never throws or rejects.
 *
 * If the server that ran it is dead, a publish runs again, since its event is added together with
 * its reply, and so does a request of an idempotent handler; any other is `outcome-unknown`. Without
 * a request id, or if the dialect does not deduplicate, it runs every time.
 *
 * @returns the text of the reply; `undefined` if the dialect does not support it
 */
export function runOnce(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
): Awaitable<Encoded> {
  const { requestId } = command
  if (requestId === undefined || caller.dialect.dedupes === false) {
    return andThen(runRequest(deps, caller, command), ({ text }) => text)
  }
  const run = (): Awaitable<Encoded> =>
    andThen(lookUpOrRun(deps, caller, command, keyOf(caller, requestId)), (result) => {
      if ('text' in result) return result.text
      if ('record' in result) {
        return encodeResult(deps, caller.dialect, command, resultOf(result.record))
      }
      const { code } = result
      const error = code === 'rate-limited' ? rateLimited(RETRY_MS) : refusal(code)
      return refuse(deps, caller, command, error)
    })
  return orElse(run, (error) => {
    const sent = refusalFromError(error)
    if (!sent) deps.report(error)
    return refuse(deps, caller, command, sent ?? refusal('internal'))
  })
}

/** @param deaths number of servers that have died while they ran it, perhaps this one */
function lookUpOrRun(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  key: string,
  deaths = 0,
): Awaitable<RunResult> {
  const idempotent =
    command.kind === 'request' && deps.handlers.get(command.type)?.idempotent === true
  const rerun = idempotent || command.kind === 'publish'
  const repeated = command.repeated === true || deaths > 0
  const doubtful = repeated && !idempotent
  const again = (): Awaitable<RunResult> => {
    // A client that is gone repeats the request itself.
    if (deaths + 1 === MOST_DEATHS || caller.signal.aborted) return UNKNOWN
    return lookUpOrRun(deps, caller, command, key, deaths + 1)
  }
  const begun = deps.replies.begin(key, digestOf(command), doubtful, rerun)
  return andThen(begun, (lookup) => {
    switch (lookup.state) {
      case 'fresh':
        return andThen(runAndStore(deps, caller, command, key), (result) => result ?? again())
      case 'started':
        return andThen(lookup.record, (record) => {
          if (record !== undefined) return { record }
          return rerun ? again() : UNKNOWN
        })
      case 'answered':
        return { record: lookup.record }
      case 'conflict':
        return { code: 'conflict' }
      case 'lost':
        return UNKNOWN
      case 'full':
        return { code: 'rate-limited' }
    }
  })
}

const UNKNOWN = { code: 'outcome-unknown' } as const

/** The result of a request: the text or record of its result, or the code of a refusal. */
type RunResult =
  | { readonly text: Encoded }
  | { readonly record: string }
  | { readonly code: RefusalCode }

function refuse(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  error: Refusal,
): Encoded {
  deps.counters.refused(error.code)
  return encodeResult(deps, caller.dialect, command, refused(error))
}

/** Returns the result; `undefined` if this server was declared dead meanwhile. */
function runAndStore(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  key: string,
): Awaitable<{ readonly text: Encoded } | undefined> {
  const { dedupeMs } = deps
  const remember = { key, keepMs: dedupeMs }
  return andThen(runRequest(deps, caller, command, remember), (result) => {
    const { record, lasting } = result
    if (record === undefined) return result
    const store = (): Awaitable<boolean> => deps.replies.finish(key, record, lasting ? dedupeMs : 0)
    // The request has run: the client gets the reply, although a repeat will not.
    const stored = orElse(store, (error) => {
      deps.report(error)
      return true
    })
    return andThen(stored, (isStored) => (isStored ? result : undefined))
  })
}

/** Returns the key of a request. It includes the sender, so no user gets a reply to another one. */
function keyOf({ senderKey }: Caller, requestId: string): string {
  // Neither JSON nor base64url has tabs, so the sender ends where the store expects it.
  return `${senderKey}\t${keyPart(JSON.stringify(requestId))}`
}

/** Returns the part of the keys of requests that identifies their sender. */
export function senderKeyOf(dialect: ServerDialect, sender: Sender): string {
  return keyPart(JSON.stringify([dialect.name, ...scopeOf(sender)]))
}

/** Returns a JSON text, or the digest of a long one: so a remembered key has a bounded size. */
function keyPart(json: string): string {
  return Buffer.byteLength(json) <= LONGEST_PART ? json : sha256(json)
}

function digestOf({ kind, type, channel, id, payload }: PublishCommand | RequestCommand): string {
  return contentDigest([kind, type, channel, id, payload])
}

function sha256(text: string): string {
  return hash('sha256', text, 'base64url')
}
