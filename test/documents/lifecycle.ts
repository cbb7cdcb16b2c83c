import {
  backoffDefaults,
  type ConnectionState,
  native,
  type Refusal,
  WirefoldError,
} from 'wirefold'
import {
  due,
  type SubscriptionInput,
  type SubscriptionState,
  subscription,
  unsubscribed,
} from '../../src/channels/subscription-state.ts'
import {
  type ConnectionInput,
  type ConnectionRules,
  transition,
} from '../../src/connection/connection-state.ts'
import { table } from './generated.ts'

/** The rules of a client of the native dialect that has credentials. */
const rules: ConnectionRules = {
  backoff: backoffDefaults,
  minUptimeMs: 2_000,
  fatalCloseCodes: native().fatalCloseCodes,
  deniedCloseCodes: [4401],
  retryAfter: undefined,
  authorizes: true,
}

/** An input of the connection as the page names it. */
interface Cause {
  readonly input: ConnectionInput
  readonly rules?: ConnectionRules
  /** The states that it is for, if not all. */
  readonly from?: (state: ConnectionState) => boolean
}

const dropped = (code: number, online = true): Extract<ConnectionInput, { name: 'dropped' }> => ({
  name: 'dropped',
  now: 1_000,
  online,
  random: 0.5,
  close: { code, reason: '' },
})
const isDenied = (state: ConnectionState) => 'denied' in state && state.denied
const refusal = new WirefoldError('failed', 'The greeting could not be sent.', { reason: 'no' })

/** The causes by the name of the input, so that the compiler finds one without a row. */
const causes: Readonly<Record<ConnectionInput['name'], Readonly<Record<string, Cause>>>> = {
  connect: { '`connect()`': { input: { name: 'connect' } } },
  needed: { 'a message is to be sent': { input: { name: 'needed' } } },
  authorized: { '`auth` has returned the credentials': { input: { name: 'authorized' } } },
  opened: { 'the socket opens': { input: { name: 'opened' } } },
  welcomed: {
    'the server welcomes the client': { input: { name: 'welcomed', now: 0, judged: true } },
  },
  dropped: {
    'the socket is lost': { input: dropped(1006) },
    'the socket is lost, and the platform reports no network': { input: dropped(1006, false) },
    'the server closes it with a fatal code': { input: dropped(4403) },
    'the server refuses the credentials': {
      input: dropped(4401),
      from: (state) => !isDenied(state),
    },
    'the server refuses the credentials again, soon after': {
      input: dropped(4401),
      from: isDenied,
    },
    'the server refuses the credentials, and there is no `auth`': {
      input: dropped(4401),
      rules: { ...rules, authorizes: false },
    },
    'the retries of `backoff.maxRetries` are used up': {
      input: dropped(1006),
      rules: { ...rules, backoff: { ...backoffDefaults, maxRetries: 0 } },
    },
  },
  refused: { 'the greeting cannot be sent': { input: { name: 'refused', error: refusal } } },
  due: { 'the wait is over': { input: { name: 'due' } } },
  online: {
    'the platform reports a network': { input: { name: 'online', retryAt: 500, redial: false } },
    'the platform reports a network, and the attempt began without one': {
      input: { name: 'online', retryAt: 500, redial: true },
    },
  },
  wake: { 'the page is visible again': { input: { name: 'wake', retryAt: 500 } } },
  offline: { 'the platform reports no network': { input: { name: 'offline' } } },
  hide: { 'the page is put away (`pagehide`)': { input: { name: 'hide' } } },
  close: { '`close()`': { input: { name: 'close' } } },
}

/** Returns what the page calls a state: its name, and the phase of one that has some. */
const phaseOf = (state: ConnectionState): string =>
  state.name === 'connecting' ? `connecting (${state.phase})` : state.name

/** A step of a machine: from one state to another, because of a cause. */
interface Step {
  readonly from: string
  readonly cause: string
  readonly to: string
}

/** Returns every step between states that differ in what the page shows of them. */
export function connectionSteps(): {
  readonly states: readonly string[]
  readonly steps: readonly Step[]
} {
  const found = new Map<string, ConnectionState>()
  const steps: Step[] = []
  const queue: ConnectionState[] = [{ name: 'idle' }]
  for (let state = queue.shift(); state; state = queue.shift()) {
    const key = `${phaseOf(state)} ${isDenied(state)}`
    if (found.has(key)) continue
    found.set(key, state)
    for (const [cause, about] of Object.values(causes).flatMap(Object.entries<Cause>)) {
      if (about.from && !about.from(state)) continue
      const next = transition(state, about.input, about.rules ?? rules)
      if (next === state) continue
      steps.push({ from: phaseOf(state), cause, to: phaseOf(next) })
      queue.push(next)
    }
  }
  return { states: [...new Set([...found.values()].map(phaseOf))], steps }
}

/** Returns a table of steps: a row for each cause, a column for each state. */
function stepTable(states: readonly string[], steps: readonly Step[]): string {
  const all = Object.values(causes).flatMap(Object.keys)
  const rows = all.map((cause) => [
    cause,
    ...states.map((state) => {
      const to = steps.filter((step) => step.cause === cause && step.from === state)
      return [...new Set(to.map((step) => step.to))].join(' or ') || '·'
    }),
  ])
  return table(['cause', ...states.map((state) => `from ${state}`)], rows)
}

/** Returns a diagram of steps, in which all causes of one step share an arrow. */
function diagram(title: string, first: string, steps: readonly Step[]): string {
  const arrows = new Map<string, Set<string>>()
  for (const { from, cause, to } of steps) {
    if (from === to) continue
    const arrow = `${from} --> ${to}`
    arrows.set(arrow, (arrows.get(arrow) ?? new Set()).add(cause.replaceAll('`', '')))
  }
  const lines = [...arrows].map(([arrow, labels]) => `  ${arrow}: ${[...labels].join(' / ')}`)
  const head = ['stateDiagram-v2', `  accTitle: ${title}`, `  [*] --> ${first}`]
  return ['```mermaid', ...head, ...lines, '```'].join('\n')
}

/**
 * Returns the table of the connection.
 *
 * @param names the states, in their order on the page
 */
export function connectionTable(names: readonly string[]): string {
  const { steps } = connectionSteps()
  const inState = steps.map(({ from, ...rest }) => ({ ...rest, from: from.replace(/ .*/, '') }))
  return stepTable(names, inState)
}

/** Returns the diagram of the connection; `close()` leads to `closed` from every state. */
export function connectionDiagram(): string {
  const name = (state: string) => state.replace(/ .*/, '')
  const steps = connectionSteps()
    .steps.filter(({ cause }) => cause !== '`close()`')
    .map(({ from, cause, to }) => ({ from: name(from), cause, to: name(to) }))
  return diagram('The states of the connection', 'idle', steps)
}

/** Returns what the client does after each close code, as the first failure of an open connection. */
export function closeTable(codes: readonly number[]): string {
  const open: ConnectionState = { name: 'open', since: 0, attempt: 0, denied: false }
  const after = (code: number, random: number, state: ConnectionState = open) =>
    transition(state, { ...dropped(code), random, now: 10_000 }, rules)
  const seconds = (state: ConnectionState) =>
    'retryAt' in state && state.retryAt !== undefined ? (state.retryAt - 10_000) / 1_000 : undefined
  const rows = codes.map((code) => {
    const [least, most] = [after(code, 0), after(code, 1)]
    const wait = [seconds(least), seconds(most)]
    const again = after(code, 0, { ...open, denied: true, since: 9_000 })
    const bare = transition(open, dropped(code), { ...rules, authorizes: false })
    const state = [
      least.name,
      ...(again.name === least.name ? [] : [`${again.name} where that happens again`]),
      ...(bare.name === least.name ? [] : [`${bare.name} at once without \`auth\``]),
    ].join('; ')
    return [`${code}`, state, wait[0] === undefined ? '–' : `${wait[0]} to ${wait[1]} s`]
  })
  return table(['code', 'the state is then', 'wait before the next attempt'], rows)
}

/** The inputs of a channel as the page names them. */
const inputs: Readonly<Record<SubscriptionInput, string>> = {
  want: 'a handler is added',
  sent: 'the subscribe is sent',
  acked: 'the server accepts it',
  refused: 'the server refuses or revokes it',
  ended: 'the server ends the channel',
  dropped: 'the server has lost the subscription',
  retry: 'the wait is over',
  missing: 'events are missing',
  renew: '`renew()`',
  lost: 'no answer comes in time',
  disconnected: 'the connection is lost',
  release: 'the last handler is released, and `lingerMs` has passed',
  left: 'the unsubscribe is sent',
  gone: 'the server confirms it',
}

function subscriptionName({ wanted, actual }: SubscriptionState): string {
  if (actual === 'leaving') return wanted ? 'leaving, wanted again' : 'leaving'
  return wanted ? actual : `${actual}, unwanted`
}

/** Whether the client feeds the input in this state. */
function isPossible(input: SubscriptionInput, state: SubscriptionState): boolean {
  if (input === 'sent') return due(state) === 'subscribe'
  if (input === 'left') return due(state) === 'unsubscribe'
  // The wait that a retry ends is that of the refusal.
  return input !== 'retry' || state.refusal !== undefined
}

/** The refusals of the inputs that have one. */
const wait = { code: 'busy', message: '', retryable: true, retryAfterMs: 1_000 }
const about: Partial<Record<SubscriptionInput, Refusal>> = { refused: wait, dropped: wait }

/** Returns every step of a channel's subscription. */
function subscriptionSteps(): {
  readonly states: readonly SubscriptionState[]
  readonly steps: readonly Step[]
} {
  const found = new Map<string, SubscriptionState>()
  const steps: Step[] = []
  const queue: SubscriptionState[] = [unsubscribed]
  for (let state = queue.shift(); state; state = queue.shift()) {
    const key = `${state.wanted} ${state.actual}`
    if (found.has(key)) continue
    found.set(key, state)
    for (const input of Object.keys(inputs) as SubscriptionInput[]) {
      if (!isPossible(input, state)) continue
      const next = subscription(state, input, input === 'retry' ? state.refusal : about[input])
      if (next.wanted === state.wanted && next.actual === state.actual) continue
      steps.push({
        from: subscriptionName(state),
        cause: inputs[input],
        to: subscriptionName(next),
      })
      queue.push(next)
    }
  }
  return { states: [...found.values()], steps }
}

/** Returns the table of a channel's subscription, and what the client sends in each state. */
export function subscriptionTable(): string {
  const { states, steps } = subscriptionSteps()
  const rows = states.map((state) => {
    const name = subscriptionName(state)
    const out = steps.filter(({ from }) => from === name)
    const to = [...new Set(out.map((step) => step.to))].map((target) => {
      const why = [...new Set(out.filter((step) => step.to === target).map(({ cause }) => cause))]
      return `**${target}**: ${why.join('; ')}`
    })
    return [name, due(state) ?? '–', to.join('<br>')]
  })
  return table(['state', 'message due', 'what comes next'], rows)
}

/** Returns the diagram of a channel's subscription while it has handlers. */
export function subscriptionDiagram(): string {
  const { steps } = subscriptionSteps()
  const wanted = steps.filter(({ from, to }) => !/unwanted|leaving/.test(from + to))
  return diagram('The states of a subscription', 'none', wanted)
}
