import { createHash } from 'node:crypto'
import type { PublishCommand, RequestCommand } from '../wire/server-dialect.ts'
import { canonicalJson } from './canonical-json.ts'
import type { ServerCore } from './core.ts'
import type { RefusalCode } from './refusals.ts'
import { refusal } from './refusals.ts'
import type { Caller } from './requests.ts'
import { answer } from './requests.ts'

/**
 * Carries out a request or publish, unless it was before: then its answer is the one given then, even
 * where the user may no longer ask. Never rejects.
 *
 * One that has no id cannot be recognised, and is carried out every time.
 *
 * @returns the text of the answer
 */
export async function answerOnce(
  core: ServerCore,
  caller: Caller,
  command: PublishCommand | RequestCommand,
): Promise<string | undefined> {
  const { requestId } = command
  if (requestId === undefined) return (await answer(core, caller, command)).text
  const refuse = (code: RefusalCode): string | undefined =>
    caller.dialect.encode({ kind: 'refusal', to: [requestId], error: refusal(code) })
  try {
    const key = keyOf(caller, requestId)
    const begun = await core.broker.answers.begin(key, digestOf(command))
    switch (begun.state) {
      case 'fresh':
        return await carryOut(core, caller, command, key)
      case 'started':
        return (await begun.answer) ?? refuse('outcome-unknown')
      case 'answered':
        return begun.answer
      case 'conflict':
        return refuse('conflict')
    }
  } catch (error) {
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
  const { text, lasting } = await answer(core, caller, command)
  const keepMs = lasting ? core.options.limits.dedupeMs : 0
  try {
    await core.broker.answers.settle(key, text ?? '', keepMs)
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
