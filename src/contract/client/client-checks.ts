import { isPromise } from '../../base/deferred.ts'
import { badOption, WirefoldError } from '../../base/errors.ts'
import { checkNames } from '../../base/known-names.ts'
import type { ClientChecks } from '../../ports/client-checks.ts'
import type { CheckedClient, JoinOptions } from '../../ports/contract-port.ts'
import type { ContractRules, InvalidValue, Verdict } from '../../ports/contract-rules.ts'
import { channelName } from '../../protocol/channel-name.ts'
import { IncomingEvents } from './incoming-events.ts'
import { placesOf } from './places-of.ts'
import { replyWithin } from './reply-within.ts'
import { within } from './within.ts'

/** Starts the checks of one client. */
export function startClientChecks(
  rules: ContractRules | undefined,
  fingerprintOf: () => string | undefined,
  client: CheckedClient,
  { validate = 'server', unlisted = 'refuse', requestTimeoutMs }: JoinOptions,
): ClientChecks {
  checkNames('The option validate', { [validate]: 0 }, { always: 0, server: 0, never: 0 })
  checkNames('The option unlisted', { [unlisted]: 0 }, { allow: 0, refuse: 0 })
  if (validate === 'always' && !rules) {
    const message = `validate: 'always' needs a contract of schemas; this one has types alone.`
    throw badOption('validate', message)
  }
  const counts = { quarantined: 0, unlisted: 0 }
  const refuses = rules !== undefined && unlisted === 'refuse'
  let reported: string | undefined

  const incoming =
    rules && validate !== 'never'
      ? new IncomingEvents(rules, client, counts, validate === 'always')
      : undefined
  client.join({
    order: 0,
    handlers: 0,
    opening() {},
    disconnected() {},
    receive(frame) {
      if (frame.kind === 'welcome') compare(frame.contract)
      return incoming?.receive(frame) ?? false
    },
    forget: () => incoming?.drop(),
    ended() {
      incoming?.end()
      return false
    },
  })

  const compare = (theirs: string | undefined): void => {
    const ours = fingerprintOf()
    const differs = ours !== undefined && theirs !== undefined && ours !== theirs
    if (differs && theirs !== reported) {
      client.events.emit('contract', { client: ours, server: theirs })
    }
    reported = differs ? theirs : undefined
  }

  const channel = (name: string): void => {
    if (refuses && !rules.lists(name)) throw unlistedName('channel', name)
  }

  return {
    counts,
    get fingerprint() {
      return fingerprintOf()
    },
    channel,
    restart(name) {
      channel(channelName(name))
      incoming?.restart(name)
    },
    resource(name) {
      if (refuses && !rules.listsResource(name)) throw unlistedName('resource', name)
    },
    reply(request, payload, { signal, mutation, timeoutMs = requestTimeoutMs }) {
      const { type } = request
      if (!rules || validate !== 'always') return payload
      const outcome = (verdict: Verdict): unknown => {
        if (verdict.issues) throw badReply(type, verdict)
        if (verdict.unlisted) counts.unlisted++
        return verdict.value
      }
      const verdict = rules.checkReply(type, payload)
      if (!isPromise(verdict)) return outcome(verdict)
      const decided = within(client.clock, verdict)
      // The time limit of a mutation begins when it is sent.
      const limits = { signal, timeoutMs: mutation ? Number.POSITIVE_INFINITY : timeoutMs }
      return replyWithin(client.clock, decided, request, limits).then(outcome)
    },
  }
}

function unlistedName(what: 'channel' | 'resource', name: string): WirefoldError<'bad-channel'> {
  const message = `The contract has no template for the ${what} ${JSON.stringify(name)}. List one, or set unlisted: 'allow'.`
  return new WirefoldError('bad-channel', message, { channel: name })
}

function badReply(type: string, { issues, paths }: InvalidValue): WirefoldError<'bad-reply'> {
  const message = `The reply to ${type} does not fit the contract${placesOf(paths)}. The server has carried out the request. See the detail.`
  return new WirefoldError('bad-reply', message, { type, issues })
}
