import { expect } from 'vitest'
import type { Page } from '../driver/browser-driver.ts'

/** Options of `expect.poll`: the machine may be busy, and browsers throttle connection attempts. */
export const PATIENT = { timeout: 120_000, interval: 25 }

/**
 * Returns the errors and warnings of a page, without those that a browser itself prints for a
 * failed connection attempt, or for a socket that is closed before it opened.
 */
export async function ownConsoleErrors(page: Page): Promise<readonly string[]> {
  const consoleErrors = await page.consoleErrors()
  return consoleErrors.filter(
    (text) => !/^WebSocket connection to|^Firefox can’t establish a connection/.test(text),
  )
}

/** Waits until an element exists. */
export async function appears(page: Page, selector: string): Promise<void> {
  await expect.poll(() => count(page, selector), PATIENT).toBeGreaterThan(0)
}

/** Returns the number of matching elements. */
export function count(page: Page, selector: string): Promise<number> {
  return page.evaluate((wanted) => document.querySelectorAll(wanted).length, selector)
}

/** Returns the text of the first matching element, if any. */
export function textOf(page: Page, selector: string): Promise<string | null> {
  return page.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? null, selector)
}

/**
 * Waits until an element is enabled, and focuses it; if several match, the one with this text or
 * label.
 */
export async function focus(page: Page, selector: string, text?: string): Promise<void> {
  await page.activate()
  await expect.poll(() => page.evaluate(focusInPage, selector, text ?? null), PATIENT).toBe(true)
}

/** Presses a button or a switch by keyboard, which works even while the page moves. */
export async function push(page: Page, selector: string, text?: string): Promise<void> {
  await focus(page, selector, text)
  await page.press('Space')
}

/** Follows a link by keyboard. */
export async function follow(page: Page, text: string): Promise<void> {
  const loadedAt = () => page.evaluate(() => performance.timeOrigin)
  await focus(page, 'a', text)
  const before = await loadedAt()
  await page.press('Enter')
  await expect.poll(loadedAt, PATIENT).not.toBe(before)
}

/** Replaces the text of an input, and submits it. */
export async function enter(page: Page, selector: string, text: string): Promise<void> {
  await focus(page, selector)
  await page.evaluate(() => {
    const { activeElement: input } = document
    if (input instanceof HTMLInputElement || input instanceof HTMLTextAreaElement) input.select()
  })
  await page.type(text)
  await page.press('Enter')
}

function focusInPage(selector: string, text: string | null): boolean {
  const nameOf = (element: HTMLElement): string | undefined => {
    const label = element instanceof HTMLInputElement ? element.labels?.[0] : undefined
    return (label ?? element).textContent?.trim()
  }
  const found = [...document.querySelectorAll<HTMLElement>(selector)].find(
    (element) => text === null || nameOf(element) === text,
  )
  if (!found || found.matches(':disabled')) return false
  found.focus()
  return document.activeElement === found
}

/** Records every change of the result of `look` in the page, however short. */
export async function recordChanges<T>(page: Page, name: string, look: () => T) {
  await page.evaluate(
    (key, source) => {
      const read: () => unknown = new Function(`return (${source})()`) as () => unknown
      const all = [read()]
      Reflect.set(globalThis, key, all)
      const note = (): void => {
        const now = read()
        if (JSON.stringify(now) !== JSON.stringify(all.at(-1))) all.push(now)
      }
      const anything = { attributes: true, characterData: true, childList: true, subtree: true }
      new MutationObserver(note).observe(document.body, anything)
    },
    name,
    String(look),
  )
  /** Returns all recorded results; the last one is current. */
  return (): Promise<readonly T[]> =>
    page.evaluate((key) => Reflect.get(globalThis, key) as readonly T[], name)
}
