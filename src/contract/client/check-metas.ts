import { isPromise } from '../../base/deferred.ts'
import type { ContractRules, Verdict } from '../../ports/contract-rules.ts'
import type { Fields } from '../../protocol/fields.ts'
import { isFields } from '../../protocol/fields.ts'

/**
 * Checks the metas within the payload of a presence event, in any of the shapes that backends send: a
 * user, `{ user, device }`, a list of users, or `{ users }`. A bad one becomes `undefined`.
 *
 * @returns the payload with the outputs of the schema; a promise if the schema returns one
 */
export function checkMetas(
  rules: ContractRules,
  resource: string,
  payload: unknown,
): Verdict | Promise<Verdict> {
  const verdicts: (Verdict | Promise<Verdict>)[] = []
  withMetas(payload, (meta) => {
    verdicts.push(rules.checkMeta(resource, meta))
    return meta
  })
  const replaced = (decided: readonly Verdict[]): Verdict => {
    const all = [...decided]
    return { value: withMetas(payload, () => outputOf(all.shift())) }
  }
  if (verdicts.length === 0) return { value: payload }
  const pending = verdicts.some(isPromise)
  return pending ? Promise.all(verdicts).then(replaced) : replaced(verdicts as Verdict[])
}

function outputOf(verdict: Verdict | undefined): unknown {
  return verdict && !verdict.issues ? verdict.value : undefined
}

/** Returns a payload with every meta replaced, in the order in which they stand in it. */
function withMetas(payload: unknown, replace: (meta: unknown) => unknown): unknown {
  if (Array.isArray(payload)) return payload.map((user) => ofOwner(user, replace))
  if (!isFields(payload)) return payload
  const { users, user, device } = payload
  if (Array.isArray(users)) return { ...payload, users: users.map((one) => ofOwner(one, replace)) }
  if (user === undefined && device === undefined) return ofOwner(payload, replace)
  return { ...payload, ...optional('user', user, replace), ...optional('device', device, replace) }
}

function optional(name: string, value: unknown, replace: (meta: unknown) => unknown): Fields {
  return value === undefined ? {} : { [name]: ofOwner(value, replace) }
}

/** Returns a user or a device with its metas replaced. */
function ofOwner(owner: unknown, replace: (meta: unknown) => unknown): unknown {
  if (!isFields(owner)) return owner
  const changed: Record<string, unknown> = { ...owner }
  for (const name of ['meta', 'metadata']) {
    if (owner[name] !== undefined) changed[name] = replace(owner[name])
  }
  if (Array.isArray(owner.devices)) {
    changed.devices = owner.devices.map((device) => ofOwner(device, replace))
  }
  return changed
}
