import { afterAll, beforeAll, expect, it, onTestFinished } from 'vitest'
import { chromiumDriver, launchChromium } from '../../browser/driver/chromium.ts'
import { launched } from '../../browser/driver/launched.ts'
import { until } from '../../support/live.ts'
import type { FreshCopy } from './fresh-copy.ts'
import { freshCopy } from './fresh-copy.ts'

let copy: FreshCopy

beforeAll(() => {
  copy = freshCopy()
})

afterAll(() => copy?.remove())

const started = await launched(chromiumDriver, launchChromium)
afterAll(() => started?.browser.close())

it.skipIf(!started)('agent-topics: 100 switches between its views use one socket', async () => {
  const page = await started?.browser.newPage()
  if (!page) return
  onTestFinished(() => page.close())
  const sockets: string[] = []
  const sent: string[] = []
  const errors: string[] = []
  page.on('console', (message) => {
    if (['error', 'warning'].includes(message.type())) errors.push(message.text())
  })
  page.on('pageerror', (error) => errors.push(String(error)))
  page.on('websocket', (socket) => {
    if (!socket.url().includes('/api/ws/v2')) return
    sockets.push(socket.url())
    socket.on('framesent', ({ payload }) => sent.push(String(payload)))
  })
  await page.goto(await copy.run('agent-topics').prints(/Local: +(http\S+)/))
  const section = page.locator('section')
  const shows = (pattern: RegExp) =>
    until(async () => expect(await section.textContent()).toMatch(pattern))
  await shows(/Ada: (idle|processing)Grace: idle/)
  for (let round = 0; round < 25; round++) {
    for (const name of ['Chat 7', 'Dashboard', 'Chat 8', 'Dashboard'])
      await page.getByRole('button', { name }).click()
    // Now and then the views stay long enough to be left on the wire.
    if (round % 8 === 0) await shows(/Ada: (idle|processing)/)
  }
  await page.getByRole('button', { name: 'Chat 7' }).click()
  await shows(/^Thread 7: a.*Thread 7: an answer, piece by piece\.(Thread 7: (an answer, )?)$/)
  await page.getByRole('button', { name: 'Chat 8' }).click()
  await shows(/^Thread 8: a.*Thread 8: an answer, piece/)
  expect(sockets).toHaveLength(1)
  await until(() => {
    const left = sent.filter((frame) => /"unsubscribe".*thread:7/.test(frame))
    expect(left.length).toBeGreaterThan(0)
  })
  expect(errors).toEqual([])
})
