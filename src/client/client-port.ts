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

/** What a line is made of. */
export interface ClientPortDeps {
  readonly options: ResolvedClientOptions
  readonly connection: Connection
  readonly requests: PendingRequests
  readonly extensions: Extensions
  readonly report: (error: unknown) => void
}

/** Makes the port through which wings see the client. */
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

  /** Control traffic: said now or not at all. */
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
      // What the server's limits do not let out it has refused: no wing expects an exception.
      answered(unsaid(error), undefined)
      return true
    }
    if (!said) {
      answered(wordless(connection.dialect.name), undefined)
      return true
    }
    const local = localReply({ requestId: 'requestId' in intent ? intent.requestId : '' })
    const unspoken = said.length ? unspokenOf(intent, said) : undefined
    if (unspoken?.length !== 0) answered(local, unspoken)
    for (const outgoing of said) {
      if (outgoing.keys.length === 0) answered(local, outgoing.channels)
      else control.said(outgoing, link)
    }
    return true
  }
}

/** The channels that go without saying, where others had to be named. */
function unspokenOf(intent: Intent, said: readonly Outgoing[]): readonly string[] {
  if (!('channels' in intent) || said.some(({ channels }) => channels === undefined)) return []
  const spoken = new Set(said.flatMap(({ channels }) => channels ?? []))
  return intent.channels.filter((channel) => !spoken.has(channel))
}

/** The answer to what the backend has no word for. */
function wordless(dialect: string): RefusalFrame {
  const message = `the dialect ${dialect} has no word for it.`
  return { kind: 'refusal', to: [], error: { code: 'unsupported', message, retryable: false } }
}

/** The answer to what could not be said. */
function unsaid(error: unknown): RefusalFrame {
  const code = isWirefoldError(error) ? error.code : 'bad-payload'
  const message = error instanceof Error ? error.message : String(error)
  return { kind: 'refusal', to: [], error: { code, message, retryable: false } }
}
