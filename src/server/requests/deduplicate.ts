import { createHash } from 'node:crypto'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import { isFields } from '../../protocol/fields.ts'
import type { RefusalCode } from '../access/refusals.ts'
import { refusal, refusalFromError } from '../access/refusals.ts'
import type { ReplyStore } from '../broker/reply-store.ts'
import { refused, resultOf } from '../broker/request-record.ts'
import type { RequestSlots } from './request-slots.ts'
import type { Caller, RunRequestDeps } from './run-request.ts'
import { encodeResult, runRequest } from './run-request.ts'

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
 * the permission since. Never rejects.
 *
 * Without a request id, it runs every time.
 *
 * @returns the text of the reply; `undefined` if the dialect does not support it
 */
export async function runOnce(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
): Promise<string | undefined> {
  const { requestId } = command
  if (requestId === undefined) return (await runRequest(deps, caller, command)).text
  const refuse = (code: RefusalCode): string | undefined => {
    deps.counters.refused(code)
    return encodeResult(caller.dialect, command, refused(refusal(code)))
  }
  const repeat = (record: string): string | undefined =>
    encodeResult(caller.dialect, command, resultOf(record))
  try {
    const key = keyOf(caller, requestId)
    const lookup = await deps.replies.begin(key, digestOf(command), command.repeated === true)
    switch (lookup.state) {
      case 'fresh':
        return await runAndStore(deps, caller, command, key)
      case 'started': {
        const record = await lookup.record
        return record === undefined ? refuse('outcome-unknown') : repeat(record)
      }
      case 'answered':
        return repeat(lookup.record)
      case 'conflict':
        return refuse('conflict')
    }
  } catch (error) {
    const sent = refusalFromError(error)
    if (sent) {
      deps.counters.refused(sent.code)
      return encodeResult(caller.dialect, command, refused(sent))
    }
    deps.report(error)
    return refuse('internal')
  }
}

async function runAndStore(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  key: string,
): Promise<string | undefined> {
  const { dedupeMs } = deps
  const remember = { key, keepMs: dedupeMs }
  const { text, record, lasting } = await runRequest(deps, caller, command, remember)
  try {
    if (record !== undefined) await deps.replies.settle(key, record, lasting ? dedupeMs : 0)
  } catch (error) {
    // The request has run: the client gets the reply, although a repeat will not.
    deps.report(error)
  }
  return text
}

/** Returns the key of a request. It includes the sender, so no user gets a reply to another one. */
function keyOf({ dialect, user, senderId, connectionId }: Caller, requestId: string): string {
  const scope = user
    ? ['user', user.id]
    : senderId === undefined
      ? ['connection', connectionId]
      : ['sender', senderId]
  return JSON.stringify([dialect.name, ...scope, requestId])
}

/** Returns a digest of the content, to detect an id that is used for two requests. */
function digestOf(command: PublishCommand | RequestCommand): string {
  const { kind, type, channel, id, payload } = command
  const content = canonicalJson([kind, type, channel, id, payload])
  return createHash('sha256').update(content).digest('base64url')
}

/**
 * Returns the JSON text of a value, with the fields of objects sorted, so that equal values have
 * equal texts.
 *
 * Recursive, so the codec has to limit the depth of the value.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (isFields(value)) {
    const fields = Object.keys(value).sort()
    return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`).join()}}`
  }
  return JSON.stringify(value) ?? ''
}
