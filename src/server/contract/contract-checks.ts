import { isPromise } from '../../base/deferred.ts'
import type { Refusal } from '../../base/errors.ts'
import { WirefoldError } from '../../base/errors.ts'
import { loggable } from '../../base/logger.ts'
import { asJson } from '../../contract/as-json.ts'
import type { ContractRules, InvalidValue, IssuePath, Verdict } from '../../ports/contract-rules.ts'
import { VERDICT_MS } from '../access/access.ts'
import type { Deadlines } from '../access/deadlines.ts'
import { refusal } from '../access/refusals.ts'
import type { Counters } from '../metrics/counters.ts'
import { ChannelOrder } from './channel-order.ts'

/** Checks by the contract of a server what clients send, and what the server sends itself. */
export class ContractChecks {
  readonly #deps: ContractChecksDeps
  readonly #order = new ChannelOrder()

  constructor(deps: ContractChecksDeps) {
    this.#deps = deps
  }

  /** Checks the payload of a request; never rejects. */
  request(type: string, payload: unknown): Received | Promise<Received> {
    const verdict = this.#settled(this.#deps.rules.checkRequest(type, payload))
    return this.#received(verdict, `request ${type}`)
  }

  /** Checks the event that a client publishes; never rejects. */
  event(channel: string, type: string, payload: unknown): Received | Promise<Received> {
    const verdict = this.#settled(this.#deps.rules.checkEvent(channel, type, payload))
    const ordered = this.#order.after(channel, verdict)
    return this.#received(ordered, `publish ${type} on ${channel}`, channel)
  }

  /** Checks the meta of a member of presence; never rejects. */
  meta(resource: string, meta: unknown): Received | Promise<Received> {
    const verdict = this.#settled(this.#deps.rules.checkMeta(resource, meta))
    return this.#received(verdict, `presence at ${resource}`)
  }

  /**
   * Checks the reply of a handler as the client will read it. Throws, or rejects with, `bad-payload`,
   * and a `TypeError` if it is not JSON.
   */
  reply(type: string, reply: unknown): void | Promise<void> {
    const read = asJson(reply, () => JSON.stringify(reply))
    const verdict = this.#settled(this.#deps.rules.checkReply(type, read))
    return this.#sent(verdict, `reply to "${type}"`, { type })
  }

  /**
   * Checks an event that the server publishes as its receivers will read it. Throws, or rejects with,
   * `bad-payload`.
   *
   * @param json the payload as JSON text
   */
  published(
    channel: string,
    type: string,
    payload: unknown,
    json: string | undefined,
  ): void | Promise<void> {
    const { rules } = this.#deps
    const verdict = this.#settled(
      rules.checkEvent(
        channel,
        type,
        asJson(payload, () => json),
      ),
    )
    const ordered = this.#order.after(channel, verdict)
    return this.#sent(ordered, `payload of "${type}" on ${channel}`, { channel, type })
  }

  #received(
    verdict: Verdict | Promise<Verdict>,
    what: string,
    channel?: string,
  ): Received | Promise<Received> {
    const read = (settled: Verdict): Received => {
      this.#count(settled)
      if (!settled.issues) return { value: settled.value }
      this.#deps.log?.(`${loggable(what)} does not fit${loggable(placeOf(settled.paths))}`)
      const refused = refusal('bad-payload', channel)
      return { error: { ...refused, details: { paths: settled.paths } } }
    }
    return isPromise(verdict) ? verdict.then(read) : read(verdict)
  }

  #sent(
    verdict: Verdict | Promise<Verdict>,
    what: string,
    about: { readonly channel?: string; readonly type: string },
  ): void | Promise<void> {
    const read = (settled: Verdict): void => {
      // The request of a reply has counted already.
      if (about.channel !== undefined) this.#count(settled)
      if (!settled.issues) return
      const { issues, paths } = settled
      const message = `The ${what} does not fit the contract${placeOf(paths)}. See detail.issues.`
      throw new WirefoldError('bad-payload', message, { ...about, issues })
    }
    return isPromise(verdict) ? verdict.then(read) : read(verdict)
  }

  /** Ends the wait for a schema that does not settle. */
  #settled(verdict: Verdict | Promise<Verdict>): Verdict | Promise<Verdict> {
    if (!isPromise(verdict)) return verdict
    // A server that closes lets its handlers finish.
    return this.#deps.deadlines.within(VERDICT_MS, verdict, (closed) => (closed ? verdict : LATE))
  }

  #count(verdict: Verdict): void {
    if (!verdict.issues && verdict.unlisted) this.#deps.counters.unlistedTypes += 1
  }
}

/** The dependencies of {@link ContractChecks}. */
export interface ContractChecksDeps {
  readonly rules: ContractRules
  readonly deadlines: Deadlines
  readonly counters: Counters
  /** Logs a message, which has no values; `undefined` if there is no logger. */
  readonly log: ((message: string) => void) | undefined
}

/** What a client has sent: the output of the schema, or the refusal. */
export type Received =
  | { readonly value: unknown; readonly error?: undefined }
  | { readonly error: Refusal }

const LATE: InvalidValue = {
  issues: [{ message: `The schema took longer than ${VERDICT_MS} ms.` }],
  paths: [[]],
}

/** Returns the paths of issues for a message, which must not quote values. */
function placeOf(paths: readonly IssuePath[]): string {
  const places = paths.map((path) => path.join('.')).filter(Boolean)
  return places.length ? ` at ${places.join(', ')}` : ''
}
