import { describe, expect, it } from 'vitest'
import { isWirefoldError } from 'wirefold'
import { answers } from './answers.ts'
import { absurd, early } from './greetings.ts'
import { keys } from './keys.ts'
import type { MalformedCase } from './malformed-case.ts'
import { misplaced } from './misplaced.ts'
import { expectNoProto } from './pristine.ts'
import type { Rig } from './rig.ts'
import { rig } from './rig.ts'
import { justFine, texts } from './texts.ts'
import { wrongFields, wrongGoaways, wrongWelcomes } from './wrong-fields.ts'

async function expectEffect(page: Rig, { effect }: MalformedCase): Promise<void> {
  expect(page.effect()).toEqual(effect)
  for (const error of page.errors) {
    expect(isWirefoldError(error)).toBe(true)
    if (!isWirefoldError(error, 'bad-frame')) continue
    expect(error.detail.reason).toMatch(/./)
    expect(error.detail.sample?.length ?? 0).toBeLessThanOrEqual(80)
  }
  for (const { payload } of page.events) expectNoProto(payload)
  page.expectBounded()
}

const table = (cases: readonly MalformedCase[]) =>
  cases.map((malformed) => [malformed.name.slice(0, 100), malformed] as const)

const whileOpen = [...texts, ...justFine, ...wrongFields, ...keys, ...answers, ...misplaced]

describe('an open connection', () => {
  it.each(table(whileOpen))('continues after %s', async (_, malformed) => {
    const page = await rig()
    await page.prove()
    for (const frame of malformed.frames) {
      await page.inject(frame)
      await page.prove()
    }
    await expectEffect(page, malformed)
    await page.proveSubscribing()
  })

  it('continues after all of them, one after the other', async () => {
    const page = await rig()
    for (const { frames } of whileOpen) {
      for (const frame of frames) await page.inject(frame)
      await page.prove()
    }
    page.expectBounded()
  })

  it.each(table(wrongGoaways))('survives a malformed goaway: %s', async (_, malformed) => {
    const page = await rig()
    for (const frame of malformed.frames) await page.inject(frame)
    await page.proveWorking()
    // The client has moved by now, or has ignored the goaway.
    await page.clock.advance(2_000)
    await page.proveWorking()
    expect(page.errors).toEqual([])
  })
})

describe('a connection that waits for its welcome', () => {
  const welcomed = async (page: Rig, { effect, ...malformed }: MalformedCase): Promise<void> => {
    await page.welcome()
    await page.prove()
    await expectEffect(page, { ...malformed, effect: { later: 'live', ...effect } })
    await page.proveSubscribing()
  }

  it.each(table([...texts, ...early]))('opens after %s', async (_, malformed) => {
    const page = await rig('greeting')
    for (const frame of malformed.frames) await page.inject(frame)
    expect(page.client.state.get().name).toBe('connecting')
    await welcomed(page, malformed)
  })

  it.each(table([...absurd, ...wrongWelcomes]))('opens with %s', async (_, malformed) => {
    const page = await rig('greeting')
    for (const frame of malformed.frames) await page.inject(frame)
    expect(page.client.state.get().name).toBe('open')
    await welcomed(page, malformed)
  })
})

describe('a client whose connection has ended', () => {
  it.each([
    ['was closed', (page: Rig) => page.client.close()],
    ['was disconnected', (page: Rig) => page.server.drop()],
  ])('ignores all frames after it %s', async (_, end) => {
    const page = await rig()
    const before = page.effect()
    end(page)
    const far = page.server.transport.last
    for (const { frames } of whileOpen) for (const frame of frames) far.send(frame)
    await page.clock.advance(0)
    const { answer, ...rest } = page.effect()
    expect(rest).toEqual(before)
    expect(answer ?? {}).not.toHaveProperty('value')
  })
})

it('contains hundreds of cases', () => {
  const all = [...whileOpen, ...wrongGoaways, ...early, ...absurd, ...wrongWelcomes]
  expect(all.length).toBeGreaterThan(800)
  expect(new Set(all.map(({ name }) => name)).size).toBe(all.length)
})
