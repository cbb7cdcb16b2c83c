import type { WirefoldError } from '../base/errors.ts'
import { loggable } from '../base/logger.ts'
import type { Connection } from '../connection/connection.ts'
import type { ClientPort, OnControlReply } from '../ports/client-port.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { RefusalFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'
import { localReply } from '../requests/pending-request.ts'
import type { PendingRequests } from '../requests/pending-requests.ts'
import { say } from '../requests/say.ts'
import type { Extensions } from './extensions.ts'
import type { ResolvedClientOptions } from './options.ts'

/** Returns the port through which extensions use the client. */
export function createClientPort({
  options,
  connection,
  requests,
  extensions,
  restored,
  report,
}: ClientPortDeps): ClientPort {
  return {
    get dialect() {
      return connection.dialect
    },
    clock: options.clock,
    state: connection.state,
    random: options.random,
    join(extension) {
      const leave = extensions.join(extension)
      if (connection.link) extension.opening()
      return leave
    },
    wake: () => connection.input({ name: 'needed' }),
    say: sayControl,
    restored,
    report,
  }

  /** Sends control messages; they are never queued. */
  function sayControl(intent: Intent, answered?: OnControlReply): boolean {
    const { link } = connection
    if (!link) return false
    if ('channels' in intent) {
      options.logger()?.('channels', `${intent.kind} ${intent.channels.map(loggable).join()}`)
    }
    const control = answered && requests.controls.expect(answered, options.requestTimeoutMs)
    const said = say(link, intent, control?.ticket)
    if ('code' in said) {
      const isAwaited = answered && !isEnd(intent)
      if (!isAwaited && said.code !== 'unsupported') report(said)
      answered?.(notSent(said), undefined)
      return true
    }
    if (!answered || !control) return true
    const local = localReply({ requestId: 'requestId' in intent ? intent.requestId : '' })
    const withoutMessage = said.length ? channelsWithoutMessage(intent, said) : undefined
    if (withoutMessage?.length !== 0) answered(local, withoutMessage)
    for (const outgoing of said) {
      if (outgoing.keys.length === 0) answered(local, outgoing.channels)
      else control.said(outgoing, link)
    }
    return true
  }
}

/** Returns the channels that need no message, although others do. */
function channelsWithoutMessage(intent: Intent, said: readonly Outgoing[]): readonly string[] {
  if (!('channels' in intent) || said.some(({ channels }) => channels === undefined)) return []
  const sent = new Set(said.flatMap(({ channels }) => channels ?? []))
  return intent.channels.filter((channel) => !sent.has(channel))
}

/** Returns the answer to an intent that the client could not send. */
function notSent(own: WirefoldError): RefusalFrame {
  const { code, message } = own
  return { kind: 'refusal', to: [], error: { code, message, retryable: false, own } }
}

/** Whether an intent ends something, so that no caller awaits its reply. */
function isEnd(intent: Intent): boolean {
  return intent.kind === 'unsubscribe' || (intent.kind === 'presence' && intent.action === 'leave')
}

/** Dependencies of the client port. */
export interface ClientPortDeps {
  readonly options: ResolvedClientOptions
  readonly connection: Connection
  readonly requests: PendingRequests
  readonly extensions: Extensions
  readonly restored: ClientPort['restored']
  readonly report: (error: unknown) => void
}
