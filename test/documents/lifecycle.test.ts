import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { ChannelSubscriber } from 'wirefold'
import { clientEventNames } from '../../src/client/client-events.ts'
import { scripted } from '../support/scripted.ts'
import { firstCells, table, withParts } from './generated.ts'
import {
  closeTable,
  connectionDiagram,
  connectionSteps,
  connectionTable,
  subscriptionDiagram,
  subscriptionTable,
} from './lifecycle.ts'
import { namesIn } from './source-types.ts'

const PAGE = 'docs/reference/lifecycle.md'
const page = readFileSync(PAGE, 'utf8')
const [, codes = ''] = readFileSync('docs/protocol.md', 'utf8').split('## Close codes\n')
const closeCodes = [...codes.matchAll(/^\| ([\d, /]+) \|/gm)]
  .flatMap(([, cell = '']) => cell.split(/\D+/))
  .map(Number)
  .filter((code) => code > 0)
  .sort((a, b) => a - b)

/** Returns the events of a client in the steps of its life, with its state at the time of each. */
async function playedEvents(): Promise<string> {
  const { client, server, clock } = scripted()
  let seen: string[] = []
  for (const name of ['opened', 'dropped', 'failed', 'closed'] as const) {
    client.on(name, () => seen.push(`\`${name}\` (${client.state.get().name})`))
  }
  const rows: string[][] = []
  const step = async (what: string, ms: number, act: () => unknown) => {
    seen = []
    act()
    await clock.advance(ms)
    rows.push([what, seen.join(', then ')])
  }
  await step('`connect()`, and the welcome', 0, () => client.connect())
  await step('the connection is lost', 0, () => server.drop())
  await step('the wait is over', 5_000, () => {})
  await step('`close()`', 0, () => client.close())
  await step('`connect()`', 0, () => client.connect())
  await step('the server closes it with 4403', 0, () => server.drop(4403))
  return table(['what happens', 'events'], rows)
}

/** Returns the statuses of a channel in the steps of its life. */
async function playedStatuses(): Promise<string> {
  let refused: string | undefined
  const { client, server, clock } = scripted({ refuse: () => refused })
  const channels = new ChannelSubscriber(client)
  const seen: string[] = []
  const rows: string[][] = []
  const step = async (what: string, ms: number, act: () => unknown) => {
    seen.length = 0
    act()
    await clock.advance(ms)
    rows.push([what, seen.map((name) => `\`${name}\``).join(', then ')])
  }
  let subscription = channels.subscribe('shop:42', () => {}, { onError: () => {} })
  const follow = () =>
    subscription.status.subscribe((status) => {
      seen.push(status.name === 'gap' ? `gap: ${status.reason}` : status.name)
    })
  await step('`subscribe()`, and the answer of the server', 0, () => {
    follow()
    void client.connect()
  })
  server.publish('shop:42', 'sold')
  await step('the connection is lost', 0, () => server.drop())
  await step('the next connection opens', 5_000, () => {})
  await step('the connection is lost, and the server loses its history', 5_000, () => {
    server.drop()
    server.forget('e2')
  })
  await step('`caughtUp()`', 0, () => subscription.caughtUp())
  await step('the server revokes it', 0, () =>
    server.send({
      ...{ type: 'unsubscribed', channel: 'shop:42' },
      payload: { code: 'forbidden', message: '', retryable: false },
    }),
  )
  await step('a new subscription', 0, () => {
    subscription = channels.subscribe('shop:42', () => {})
  })
  refused = 'forbidden'
  await step('the next connection opens, and the server refuses the channel', 5_000, () =>
    server.drop(),
  )
  client.close()
  return table(['what happens', 'statuses'], rows)
}

describe('the page about the lifecycle', () => {
  it('shows what the state machines do; accept a change with --update', async () => {
    const whole = withParts(page, {
      connection: connectionTable(firstCells(page, '## Connection')),
      diagram: connectionDiagram(),
      codes: closeTable(closeCodes),
      events: await playedEvents(),
      statuses: await playedStatuses(),
      subscription: subscriptionTable(),
      subscribed: subscriptionDiagram(),
    })
    await expect(whole).toMatchFileSnapshot(`../../${PAGE}`)
  })

  it('has a row for every state, event, status and reason', () => {
    const states = connectionSteps().states.map((state) => state.replace(/ .*/, ''))
    const sorted = (names: Iterable<string>) => [...names].sort()
    expect(sorted(firstCells(page, '## Connection'))).toEqual(sorted(new Set(states)))
    expect(sorted(firstCells(page, '## Events of the client'))).toEqual(
      sorted(Object.keys(clientEventNames)),
    )
    expect(sorted(firstCells(page, '## Channel'))).toEqual(
      sorted(namesIn('src/channels/subscription.ts', 'ChannelStatus')),
    )
    expect(sorted(firstCells(page, '### Reasons of a gap'))).toEqual(
      sorted(namesIn('src/channels/continuity.ts', 'GapReason')),
    )
  })
})
