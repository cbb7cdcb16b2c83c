import { isWirefoldError } from '../base/errors.ts'
import { loggable } from '../base/logger.ts'
import type { Connection } from '../connection/connection.ts'
import type { ClientPort, OnControlReply } from '../ports/client-port.ts'
import type { Outgoing } from '../protocol/dialect.ts'
import type { RefusalFrame } from '../protocol/frame.ts'
import type { Intent } from '../protocol/intent.ts'
import { localReply } from '../requests/pending-request.ts'
import type { PendingRequests } from '../requests/pending-requests.ts'
import type { Extensions } from './extensions.ts'
import type { ResolvedClientOptions } from './options.ts'

/** Returns the port through which extensions use the client. */
export function createClientPort({
  options,
  connection,
  requests,
  extensions,
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
    say,
    report,
  }

  /** Sends control messages; they are never queued. */
  function say(intent: Intent, answered?: OnControlReply): boolean {
    const { link } = connection
    if (!link) return false
    if ('channels' in intent) {
      options.logger()?.('channels', `${intent.kind} ${intent.channels.map(loggable).join()}`)
    }
    if (!answered) {
      link.say(intent)
      return true
    }
    const control = requests.controls.expect(answered, options.requestTimeoutMs)
    let said: readonly Outgoing[] | undefined
    try {
      said = link.say(intent, control.ticket)
    } catch (error) {
      // A message beyond the server's limits counts as refused: extensions expect no exception.
      answered(sendFailed(error), undefined)
      return true
    }
    if (!said) {
      answered(unsupported(connection.dialect.name), undefined)
      return true
    }
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

/** Returns the refusal of an intent that the dialect does not support. */
function unsupported(dialect: string): RefusalFrame {
  const message = `the ${dialect} backend does not support it.`
  return { kind: 'refusal', to: [], error: { code: 'unsupported', message, retryable: false } }
}

/** Returns the refusal of an intent that could not be encoded or sent. */
function sendFailed(error: unknown): RefusalFrame {
  const code = isWirefoldError(error) ? error.code : 'bad-payload'
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'refusal', to: [], error: { code, message, retryable: false } }
}

/** Dependencies of the client port. */
export interface ClientPortDeps {
  readonly options: ResolvedClientOptions
  readonly connection: Connection
  readonly requests: PendingRequests
  readonly extensions: Extensions
  readonly report: (error: unknown) => void
}
