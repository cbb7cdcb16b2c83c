import { describe, expect, it } from 'vitest'
import type { SubscriptionInput, SubscriptionState } from '../../src/channels/subscription-state.ts'
import { due, subscription } from '../../src/channels/subscription-state.ts'

const refusal = { code: 'forbidden', message: '', retryable: false }
/** Formats a state: `+` if wanted, else `-`, then the actual state. */
const text = ({ wanted, actual }: SubscriptionState) => `${wanted ? '+' : '-'}${actual}`
const state = (name: string): SubscriptionState => {
  const actual = name.slice(1) as SubscriptionState['actual']
  const hasRefusal = actual === 'refused' || actual === 'dropped'
  return { wanted: name[0] === '+', actual, refusal: hasRefusal ? refusal : undefined }
}

/** Every state and every input; `·` means unchanged. */
const table = `
              want          release       sent          left      acked  gone   refused   ended   dropped   lost   disconnected  missing  renew  retry
+none         ·             -none         +subscribing  ·         ·      ·      ·         ·       ·         ·      ·             ·        ·      ·
-none         +none         ·             -subscribing  ·         ·      ·      ·         ·       ·         ·      ·             ·        ·      ·
+subscribing  ·             -subscribing  ·             ·         +live  ·      +refused  +ended  +dropped  +none  +none         ·        +none  ·
-subscribing  +subscribing  ·             ·             ·         -live  ·      -none     -none   -none     -live  -none         ·        ·      ·
+live         ·             -live         ·             +leaving  ·      ·      +refused  +ended  +dropped  ·      +none         +none    +none  ·
-live         +live         ·             ·             -leaving  ·      ·      -none     -none   -none     ·      -none         ·        ·      ·
+leaving      ·             -leaving      ·             ·         ·      +none  +none     +none   +none     +none  +none         ·        ·      ·
-leaving      +leaving      ·             ·             ·         ·      -none  -none     -none   -none     -live  -none         ·        ·      ·
+refused      +none         -none         ·             ·         ·      ·      ·         ·       ·         ·      ·             ·        ·      +none
+ended        +none         -none         ·             ·         ·      ·      ·         ·       ·         ·      ·             ·        ·      ·
+dropped      ·             -none         ·             ·         ·      ·      +refused  +ended  ·         ·      +none         ·        ·      +none
`
const [head = '', ...rows] = table.trim().split('\n')
const names = head.trim().split(/\s+/)

describe('a channel', () => {
  for (const row of rows) {
    const [from = '', ...to] = row.trim().split(/\s+/)
    names.forEach((name, n) => {
      const expected = to[n] === '·' ? from : to[n]
      it(`in ${from} after "${name}" is ${expected}`, () => {
        const input = name as SubscriptionInput
        expect(text(subscription(state(from), input, refusal))).toBe(expected)
      })
    })
  }

  it('has a command to send only if wanted and actual differ and no reply is pending', () => {
    const commands = Object.fromEntries(
      rows.map((row) => row.split(/\s/)[0] ?? '').map((name) => [name, due(state(name))]),
    )
    expect(commands).toEqual({
      '+none': 'subscribe',
      '-none': undefined,
      '+subscribing': undefined,
      '-subscribing': undefined,
      '+live': undefined,
      '-live': 'unsubscribe',
      '+leaving': undefined,
      '-leaving': undefined,
      '+refused': undefined,
      '+ended': undefined,
      '+dropped': undefined,
    })
  })
})
