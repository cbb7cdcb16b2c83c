import { createHash } from 'node:crypto'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import { isFields } from '../../protocol/fields.ts'
import type { RefusalCode } from '../access/refusals.ts'
import { refusal, refusalFromError } from '../access/refusals.ts'
import type { ReplyStore } from '../broker/reply-store.ts'
import { refused, resultOf } from '../broker/request-record.ts'
import type { Caller, RunRequestDeps } from './run-request.ts'
import { encodeResult, runRequest } from './run-request.ts'

/** The dependencies of {@link runOnce}. */
export interface RunOnceDeps extends RunRequestDeps {
  readonly answers: ReplyStore
  /** How long replies are remembered, in milliseconds. */
  readonly dedupeMs: number
}

/**
 * Carries out a request or publish, unless it was before: then its answer is the one given then, even
 * where the user may no longer ask. Never rejects.
 *
 * One that has no id cannot be recognised, and is carried out every time.
 *
 * @returns the text of the answer
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
    const begun = await deps.answers.begin(key, digestOf(command))
    switch (begun.state) {
      case 'fresh':
        return await carryOut(deps, caller, command, key)
      case 'started': {
        const record = await begun.record
        return record === undefined ? refuse('outcome-unknown') : repeat(record)
      }
      case 'answered':
        return repeat(begun.record)
      case 'conflict':
        return refuse('conflict')
    }
  } catch (error) {
    const meant = refusalFromError(error)
    if (meant) return encodeResult(caller.dialect, command, refused(meant))
    deps.report(error)
    return refuse('internal')
  }
}

async function carryOut(
  deps: RunOnceDeps,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  key: string,
): Promise<string | undefined> {
  const { dedupeMs } = deps
  const remember = { key, keepMs: dedupeMs }
  const { text, record, lasting } = await runRequest(deps, caller, command, remember)
  try {
    if (record !== undefined) await deps.answers.settle(key, record, lasting ? dedupeMs : 0)
  } catch (error) {
    // It was carried out: whoever asked hears so, though a repeat will not.
    deps.report(error)
  }
  return text
}

/** Ids mean something only together with who made them: answers never cross users. */
function keyOf({ dialect, user, senderId, connectionId }: Caller, requestId: string): string {
  const scope = user
    ? ['user', user.id]
    : senderId === undefined
      ? ['connection', connectionId]
      : ['sender', senderId]
  return JSON.stringify([dialect.name, ...scope, requestId])
}

function digestOf(command: PublishCommand | RequestCommand): string {
  const { kind, type, channel, id, payload } = command
  const asked = canonicalJson([kind, type, channel, id, payload])
  return createHash('sha256').update(asked).digest('base64url')
}

/**
 * A JSON value as the one text that all equal values have: the fields of objects in order.
 *
 * Recursive: for values of a codec that bounds their depth.
 */
export function canonicalJson(value: unknown): string {
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join()}]`
  if (isFields(value)) {
    const fields = Object.keys(value).sort()
    return `{${fields.map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name])}`).join()}}`
  }
  return JSON.stringify(value) ?? ''
}
