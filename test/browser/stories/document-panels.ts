import { afterAll, beforeAll, beforeEach, expect } from 'vitest'
import type { Browser, Page } from '../driver/browser-driver.ts'
import type { DemoProcess } from './demo-process.ts'
import { startDemo } from './demo-process.ts'
import { appears, focus, PATIENT, push, textOf } from './page-actions.ts'

/** The people of the page, each with a panel. */
export const PEOPLE = ['ada', 'grace'] as const
export const SIZE = { width: 1280, height: 900 }

export type Who = (typeof PEOPLE)[number]

/** Opens the page for the tests of a suite, and counts its edits from the start of each test. */
export function openDocument(browser: Browser) {
  let demo: DemoProcess
  let page: Page
  /** What each panel had counted, and the server, before a test. */
  let before: Readonly<Record<Who, Counts>>
  let madeBefore = 0

  beforeAll(async () => {
    demo = await startDemo({})
    page = await browser.open(demo.url, SIZE)
  })

  beforeEach(async () => {
    await isReady(page)
    before = { ada: await counts(page, 'ada'), grace: await counts(page, 'grace') }
    madeBefore = await made()
  })

  afterAll(async () => {
    await demo.stop()
    await page.close()
  })

  /**
   * Waits until both panels show the second and the third paragraph with these texts, and have
   * received every edit that the server has made: none was lost, and none came twice.
   */
  async function agrees(written: string): Promise<void> {
    for (const who of PEOPLE) {
      await expect.poll(() => text(page, who), PATIENT).toContain(written)
      await expect.poll(() => freshness(page, who), PATIENT).toBe('Up to date')
    }
    const received = (await made()) - madeBefore
    for (const who of PEOPLE) {
      await expect.poll(() => counted(who), PATIENT).toMatchObject({ received, lost: 0, twice: 0 })
    }
    expect(await text(page, 'ada')).toBe(await text(page, 'grace'))
  }

  /** Returns what a panel has counted since the test began. */
  async function counted(who: Who): Promise<Counts> {
    const now = await counts(page, who)
    const { sent, received, replayed, refused } = before[who]
    return {
      ...now,
      sent: now.sent - sent,
      received: now.received - received,
      replayed: now.replayed - replayed,
      refused: now.refused - refused,
    }
  }

  /** Returns the number of edits that the server has made. */
  async function made(): Promise<number> {
    const response = await fetch(`${demo.url}document/overview`)
    return ((await response.json()) as { edits: number }).edits
  }

  /** Ends the demo, and starts it again at the same address. */
  async function restartProcess(): Promise<void> {
    await demo.stop()
    demo = await startDemo({ PORT: new URL(demo.url).port })
  }

  return { agrees, counted, opened: () => ({ page, url: demo.url }), restartProcess }
}

/** Waits until both panels are up to date. */
export async function isReady(page: Page): Promise<void> {
  for (const who of PEOPLE) {
    await appears(page, `${panelOf(who)} [data-status=live] textarea`)
    await expect.poll(() => freshness(page, who), PATIENT).toBe('Up to date')
  }
}

export function panelOf(who: Who): string {
  return `[data-testid=${who}]`
}

/** Replaces a paragraph, key by key. */
export const write = (page: Page, who: Who, paragraph: number, written: string): Promise<void> =>
  typeIn(page, who, paragraph, written, true)

/** Types at the end of a paragraph, key by key. */
export const append = (page: Page, who: Who, paragraph: number, written: string): Promise<void> =>
  typeIn(page, who, paragraph, written, false)

async function typeIn(page: Page, who: Who, paragraph: number, written: string, replace: boolean) {
  const selector = `${panelOf(who)} li:nth-child(${paragraph}) textarea`
  await focus(page, selector)
  await page.evaluate(
    (area, all) => {
      const found = document.querySelector<HTMLTextAreaElement>(area)
      const end = found?.value.length ?? 0
      found?.setSelectionRange(all ? 0 : end, end)
    },
    selector,
    replace,
  )
  await page.type(written)
}

/** Turns a switch, and waits until it is turned. */
export async function turn(page: Page, name: string, who: Who | 'both'): Promise<void> {
  const was = await isOn(page, name, who)
  await push(page, switchOf(name, who))
  await expect.poll(() => isOn(page, name, who), PATIENT).toBe(!was)
}

export function isOn(page: Page, name: string, who: Who | 'both'): Promise<boolean | undefined> {
  const selector = switchOf(name, who)
  return page.evaluate((box) => document.querySelector<HTMLInputElement>(box)?.checked, selector)
}

function switchOf(name: string, who: Who | 'both'): string {
  const label = who === 'both' ? who : who.replace(/^./, (letter) => letter.toUpperCase())
  return `[aria-label="${name}: ${label}"]`
}

/** Returns the second and the third paragraph of a panel. */
export function text(page: Page, who: Who): Promise<string> {
  return page.evaluate(
    (areas) =>
      [...document.querySelectorAll<HTMLTextAreaElement>(areas)].map(({ value }) => value).join(''),
    `${panelOf(who)} li:nth-child(n + 2) textarea`,
  )
}

export async function freshness(page: Page, who: Who): Promise<string> {
  return (await textOf(page, `${panelOf(who)} [data-testid=freshness]`)) ?? ''
}

interface Counts {
  readonly sent: number
  readonly received: number
  readonly replayed: number
  readonly refused: number
  readonly lost: number
  readonly twice: number
}

/** Returns the counters of a panel. */
export function counts(page: Page, who: Who): Promise<Counts> {
  return page.evaluate((panel) => {
    const count = (name: string) =>
      Number(document.querySelector(`${panel} [data-testid=${name}]`)?.textContent)
    return {
      sent: count('sent'),
      received: count('received'),
      replayed: count('replayed'),
      refused: count('refused'),
      lost: count('lost'),
      twice: count('twice'),
    }
  }, panelOf(who))
}
