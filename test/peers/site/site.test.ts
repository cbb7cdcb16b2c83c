import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import axe from 'axe-core'
import type { PreviewServer } from 'vite'
import { preview } from 'vite'
import { afterAll, beforeAll, describe, expect, it, onTestFinished } from 'vitest'
import type { Browser, Page } from '../../browser/driver/browser-driver.ts'
import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { violationsIn } from '../../browser/stories/accessibility-stories.ts'
import { appears, count, PATIENT } from '../../browser/stories/page-actions.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { brokenLinks } from './broken-links.ts'

const site = mkdtempSync(join(tmpdir(), 'wirefold-site-'))
let built: { readonly status: number | null; readonly output: string }

beforeAll(() => {
  const args = ['run', '--silent', 'docs', '--', '--out', site]
  const { status, stdout, stderr } = spawnSync('npm', args, { encoding: 'utf8' })
  built = { status, output: stdout + stderr }
})

afterAll(() => rmSync(site, { recursive: true, force: true }))

/** Returns the paths of all files below a folder. */
const filesIn = (folder: string): readonly string[] =>
  readdirSync(folder, { recursive: true, encoding: 'utf8' }).filter((path) =>
    statSync(join(folder, path)).isFile(),
  )

const read = (path: string): string => readFileSync(join(site, path), 'utf8')

/** Returns the addresses of the links in a text of Markdown. */
const linksIn = (text: string): readonly string[] =>
  [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, link = '']) => link)

describe('npm run docs', () => {
  it('builds the site without a warning, so that every exported symbol is documented', () => {
    expect(built.output).not.toMatch(/warning|error/i)
    expect(built.status).toBe(0)
  })

  it('makes a page of every document, and lists it once in llms.txt', () => {
    const listed = linksIn(read('llms.txt'))
    for (const path of filesIn('docs').filter((name) => name.endsWith('.md'))) {
      const page = `docs/${path}`
      expect(listed.filter((link) => link === page)).toEqual([page])
      expect(read(page.replace(/md$/, 'html'))).toContain('<h1')
    }
  })

  it('lists only existing files in llms.txt', () => {
    const files = new Set(filesIn(site))
    expect(linksIn(read('llms.txt')).filter((link) => !files.has(link))).toEqual([])
  })

  it('documents every entry of the package, by its name', () => {
    const { exports } = JSON.parse(readFileSync('package.json', 'utf8'))
    const entries = Object.keys(exports).filter((name) => name !== './package.json')
    const names = entries.map((name) => name.replace('.', 'wirefold'))
    const pages = names.map((name) => `modules/${name.replaceAll('/', '_')}.html`)
    expect(filesIn(join(site, 'modules')).map((name) => `modules/${name}`)).toEqual(
      expect.arrayContaining(pages),
    )
    expect(read('llms.txt')).toContain('[wirefold/server/redis](api/server-redis.d.ts.txt)')
  })

  it('links only to pages, headings and assets that exist', () => {
    const files = filesIn(site).map((path) => [path, /\.(html|svg)$/.test(path) ? read(path) : ''])
    expect(brokenLinks(new Map(files as [string, string][]))).toEqual([])
  })

  it('leads from README to pages, and not to sources of pages', () => {
    const links = [...read('index.html').matchAll(/href="([^"]+)"/g)].map(([, link = '']) => link)
    expect(links).toContain('docs/guarantees.html')
    expect(links.filter((link) => link.startsWith('media/') || link.endsWith('.md'))).toEqual([])
  })
})

describe('the check of the links', () => {
  it('reports a missing page, a missing element and a missing asset', () => {
    const files = new Map([
      [
        'index.html',
        '<a href="a/b.html#x"> <a href="a/c.html"> <a href="#top"> <a href="https://x">',
      ],
      ['a/b.html', '<p id="y"> <img src="../i.png"> <a href="../index.html"> <a href="#y">'],
    ])
    expect(brokenLinks(files)).toEqual([
      'index.html: a/b.html#x: a/b.html has no #x',
      'index.html: a/c.html: there is no a/c.html',
      'index.html: #top: index.html has no #top',
      'a/b.html: ../i.png: there is no i.png',
    ])
  })
})

/** A page of each kind. */
const PAGES = [
  'index.html',
  'docs/backends.html',
  'docs/reference/lifecycle.html',
  'modules/wirefold.html',
  'classes/wirefold.RealtimeClient.html',
]

/**
 * The navigation of TypeDoc's theme has the link of an entry within the summary that folds its symbols. Both are
 * reached by Tab, one after the other.
 */
const FOLDED_LINK = /^nested-interactive: .*summary/

const WINDOWS = [
  { name: 'light on a desktop', width: 1280, dark: false },
  { name: 'dark on a phone', width: 390, dark: true },
]

const stories = (browser: Browser): void => {
  let server: PreviewServer
  let home: string

  beforeAll(async () => {
    server = await preview({
      configFile: false,
      appType: 'mpa',
      build: { outDir: site },
      preview: { port: 0 },
    })
    home = server.resolvedUrls?.local[0] ?? ''
  })

  afterAll(() => server.close())

  const open = async (path: string, window: object): Promise<Page> => {
    const page = await browser.open(home + path, { height: 844, ...window })
    onTestFinished(() => page.close())
    // The navigation and the diagrams are made by the page itself.
    await appears(page, '.tsd-navigation a')
    await expect.poll(() => count(page, 'code.mermaid'), PATIENT).toBe(0)
    return page
  }

  describe.each(PAGES)('%s', (path) => {
    it.each(WINDOWS)('is readable for all, and as wide as its window, $name', async (window) => {
      const page = await open(path, window)
      await page.screenshot(
        `test-results/site/${`${path} ${window.name}`.replaceAll(/\W+/g, '-')}.png`,
      )
      const violations = await page.evaluate(violationsIn, axe.source, ['serious', 'critical'])
      expect(violations.filter((violation) => !FOLDED_LINK.test(violation))).toEqual([])
      const overflow = await page.evaluate(
        () => document.documentElement.scrollWidth - document.documentElement.clientWidth,
      )
      expect(overflow).toBe(0)
      expect(await page.consoleErrors()).toEqual([])
    })
  })

  it('draws the diagrams of the machines, in the colors that the reader chooses', async () => {
    const page = await open('docs/reference/lifecycle.html', { width: 1280, dark: false })
    const titles = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('.diagram svg title')].map(({ textContent }) => textContent),
      )
    const states = ['The states of the connection', 'The states of a subscription']
    await expect.poll(titles, PATIENT).toEqual(states)
    const colorOfText = () =>
      page.evaluate(() => {
        const label = document.querySelector('.diagram .nodeLabel')
        return label && getComputedStyle(label).color
      })
    const light = await colorOfText()
    await page.evaluate(() => document.documentElement.setAttribute('data-theme', 'dark'))
    await expect.poll(colorOfText, PATIENT).not.toBe(light)
    expect(await titles()).toEqual(states)
  })

  it.each(WINDOWS)('finds pages and symbols by search, $name', async (window) => {
    const page = await open('index.html', window)
    const found = () =>
      page.evaluate(() =>
        [...document.querySelectorAll('#tsd-search-results a')].map(({ textContent }) =>
          textContent?.trim(),
        ),
      )
    await page.evaluate(() => document.querySelector<HTMLElement>('#tsd-search-trigger')?.click())
    await appears(page, '#tsd-search-input:focus')
    await page.type('guarantees')
    await expect.poll(found, PATIENT).toContain('Guarantees')
    await page.evaluate(() => {
      const input = document.querySelector<HTMLInputElement>('#tsd-search-input')
      input?.select()
    })
    await page.type('RealtimeClient')
    await expect.poll(found, PATIENT).toContain('wirefold.RealtimeClient')
  })
}

await runStories(chromiumDriver, stories)
