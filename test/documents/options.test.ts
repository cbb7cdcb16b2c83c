import { readFileSync } from 'node:fs'
import { describe, expect, it } from 'vitest'
import { syncDefaults } from '../../src/channels/sync.ts'
import { heartbeatDefaults } from '../../src/connection/heartbeat.ts'
import { outboxDefaults } from '../../src/requests/outbox-options.ts'
import { limitDefaults } from '../../src/server/access/limits.ts'
import {
  closeDefaults,
  disconnectDefaults,
  drainDefaults,
} from '../../src/server/shutdown-options.ts'
import { checked, missing, unchecked, wrongKinds } from './checked-names.ts'
import { withParts } from './generated.ts'
import { fixedLimits, optionsPart, optionsTypes } from './options.ts'

const PAGE = 'docs/reference/options.md'
const types = optionsTypes()

/** Constants that are not beside their type, or hold those of several, by the name of the type. */
const constants: Readonly<Record<string, object>> = {
  AddressLimits: limitDefaults.perAddress,
  DisconnectOptions: disconnectDefaults,
  DrainOptions: drainDefaults,
  HeartbeatOptions: heartbeatDefaults,
  OutboxOptions: outboxDefaults,
  ServerCloseOptions: closeDefaults,
  ServerLimits: limitDefaults,
  SyncOptions: syncDefaults,
  UserLimits: limitDefaults.perUser,
}

const groups = [
  ['client', /^wirefold$/],
  ['contract', /^wirefold\/contract$/],
  ['server', /^wirefold\/server/],
  ['dialects', /^wirefold\/dialects/],
  ['transports', /^wirefold\/(transports|reconnecting-websocket|socketio-client)$/],
  ['others', /./],
] as const

/** Returns the name of the first group that an entry fits. */
const groupOf = (entry = ''): string =>
  groups.find(([, pattern]) => pattern.test(entry))?.[0] ?? 'others'

describe('the page about options', () => {
  it('shows every option of the package; accept a change with --update', async () => {
    const parts = groups.map(([group]) => {
      const listed = types.filter(
        ({ entries, members }) => members.length > 0 && groupOf(entries[0]) === group,
      )
      return [group, optionsPart(listed)]
    })
    const page = readFileSync(PAGE, 'utf8')
    const whole = withParts(page, {
      ...Object.fromEntries(parts),
      checked: `${Object.keys(checked).join(', ')}.`,
      unchecked: `${Object.keys(unchecked).join(', ')}.`,
      limits: fixedLimits(),
    })
    await expect(whole).toMatchFileSnapshot(`../../${PAGE}`)
  })

  it.each(Object.entries(checked))('is right that %s refuses an unknown name', async (_, call) => {
    const outcome = (async () => call())()
    await expect(outcome).rejects.toMatchObject({
      code: 'bad-option',
      message: expect.stringContaining('nonsense'),
    })
  })

  it.each(Object.entries(unchecked))('is right that %s ignores an unknown name', (_, call) => {
    expect(call).not.toThrow()
  })

  it.each(Object.entries({ ...missing, ...wrongKinds }))(
    'is right that %s is refused',
    (_, call) => {
      expect(call).toThrow(expect.objectContaining({ code: 'bad-option' }))
    },
  )

  it('finds the members of each type', () => {
    expect(types.filter(({ members }) => members.length === 0)).toEqual([])
  })

  it.each(Object.entries(constants))('shows the constants of %s', (name, defaults) => {
    const members = types.find((type) => type.name === name)?.members ?? []
    for (const [option, value] of Object.entries(defaults)) {
      if (typeof value === 'object') continue
      const shown = members.find((member) => member.name === option)?.standard
      expect(shown?.replaceAll('_', '').replace(/^'(.*)'$/, '$1'), option).toBe(String(value))
    }
  })
})
