import { createHash } from 'node:crypto'
import type { PublishCommand, RequestCommand } from '../../protocol/command.ts'
import { isFields } from '../../protocol/fields.ts'
import type { RefusalCode } from '../access/refusals.ts'
import { refusal, refusalFromError } from '../access/refusals.ts'
import { refused, resultOf } from '../broker/request-record.ts'
import type { ServerCore } from '../server-parts.ts'
import type { Caller } from './run-request.ts'
import { encodeResult, runRequest } from './run-request.ts'

/**
 * Carries out a request or publish, unless it was before: then its answer is the one given then, even
 * where the user may no longer ask. Never rejects.
 *
 * One that has no id cannot be recognised, and is carried out every time.
 *
 * @returns the text of the answer
 */
export async function runOnce(
  core: ServerCore,
  caller: Caller,
  command: PublishCommand | RequestCommand,
): Promise<string | undefined> {
  const { requestId } = command
  if (requestId === undefined) return (await runRequest(core, caller, command)).text
  const refuse = (code: RefusalCode): string | undefined => {
    core.counters.refused(code)
    return encodeResult(caller.dialect, command, refused(refusal(code)))
  }
  const repeat = (record: string): string | undefined =>
    encodeResult(caller.dialect, command, resultOf(record))
  try {
    const key = keyOf(caller, requestId)
    const begun = await core.broker.answers.begin(key, digestOf(command))
    switch (begun.state) {
      case 'fresh':
        return await carryOut(core, caller, command, key)
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
    core.report(error)
    return refuse('internal')
  }
}

async function carryOut(
  core: ServerCore,
  caller: Caller,
  command: PublishCommand | RequestCommand,
  key: string,
): Promise<string | undefined> {
  const { dedupeMs } = core.options.limits
  const remember = { key, keepMs: dedupeMs }
  const { text, record, lasting } = await runRequest(core, caller, command, remember)
  try {
    if (record !== undefined) await core.broker.answers.settle(key, record, lasting ? dedupeMs : 0)
  } catch (error) {
    // It was carried out: whoever asked hears so, though a repeat will not.
    core.report(error)
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
