import { expect } from 'vitest'
import type { Page } from '../driver/browser-driver.ts'

/** For `expect.poll`: the machine may be busy, and browsers slow down attempts to connect. */
export const PATIENT = { timeout: 120_000, interval: 25 }

/**
 * Returns the errors and warnings of a page, without those that a browser prints of its own accord for
 * an attempt to connect that fails, or for a socket that is closed before it opened.
 */
export async function ownComplaints(page: Page): Promise<readonly string[]> {
  const complaints = await page.complaints()
  return complaints.filter(
    (text) => !/^WebSocket connection to|^Firefox can’t establish a connection/.test(text),
  )
}

/** Waits until an element is there. */
export async function appears(page: Page, selector: string): Promise<void> {
  await expect.poll(() => count(page, selector), PATIENT).toBeGreaterThan(0)
}

/** How many elements there are. */
export function count(page: Page, selector: string): Promise<number> {
  return page.evaluate((wanted) => document.querySelectorAll(wanted).length, selector)
}

/** The text of the first element, if there is one. */
export function textOf(page: Page, selector: string): Promise<string | null> {
  return page.evaluate((wanted) => document.querySelector(wanted)?.textContent ?? null, selector)
}

/** Waits until an element can be used, and gives it the focus; of several, to that with this text or label. */
export async function focus(page: Page, selector: string, text?: string): Promise<void> {
  await page.activate()
  await expect.poll(() => page.evaluate(focusInPage, selector, text ?? null), PATIENT).toBe(true)
}

/** Pushes a button or a switch with the keyboard: that hits it even while the page moves. */
export async function push(page: Page, selector: string, text?: string): Promise<void> {
  await focus(page, selector, text)
  await page.press('Space')
}

/** Follows a link with the keyboard. */
export async function follow(page: Page, text: string): Promise<void> {
  await focus(page, 'a', text)
  await page.press('Enter')
}

/** Types a text over what is in an input, and confirms it. */
export async function enter(page: Page, selector: string, text: string): Promise<void> {
  await focus(page, selector)
  await page.evaluate(() => {
    if (document.activeElement instanceof HTMLInputElement) document.activeElement.select()
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

/** Has the page note every change of what `look` sees, so that nothing is too short to be seen. */
export async function noteChanges<T>(page: Page, name: string, look: () => T) {
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
  /** Everything that was seen, of which the last is seen now. */
  return (): Promise<readonly T[]> =>
    page.evaluate((key) => Reflect.get(globalThis, key) as readonly T[], name)
}
