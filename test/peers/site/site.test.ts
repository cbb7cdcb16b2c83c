import { spawnSync } from 'node:child_process'
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join, posix } from 'node:path'
import { inflateSync } from 'node:zlib'
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
import { SEARCH_WORDS } from './search-words.ts'

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
  [...text.replace(/^ *```[\s\S]*?^ *```$|`[^`\n]+`/gm, '').matchAll(/\]\(([^)]+)\)/g)].map(
    ([, link = '']) => link,
  )

/** The documents in the root of the repository that are pages, beside the start page. */
const ROOT_PAGES = ['CONTRIBUTING.md', 'SECURITY.md', 'CHANGELOG.md']

/** Returns the documents that are pages, beside the start page. */
const documents = (): readonly string[] => [
  ...ROOT_PAGES,
  ...['docs', 'bench'].flatMap((folder) =>
    readdirSync(folder, { recursive: true, encoding: 'utf8' })
      .filter((path) => path.endsWith('.md') && !path.includes('node_modules'))
      .map((path) => `${folder}/${path}`),
  ),
]

const pageOf = (document: string): string => document.replace(/md$/, 'html')

describe('npm run docs', () => {
  it('builds the site without a warning, so that every exported symbol is documented', () => {
    expect(built.output).not.toMatch(/warning|error/i)
    expect(built.status).toBe(0)
  })

  it('makes a page of every document, and lists it once in llms.txt', () => {
    const listed = linksIn(read('llms.txt'))
    for (const page of documents()) {
      expect(listed.filter((link) => link === page)).toEqual([page])
      expect(read(pageOf(page))).toContain('<h1')
    }
  })

  it('links from llms.txt, and from the sources of the pages beside it, to files that exist', () => {
    const files = new Set(filesIn(site))
    const broken = [...files]
      .filter((path) => path === 'llms.txt' || path.endsWith('.md'))
      .flatMap((path) =>
        linksIn(read(path))
          .filter((link) => !/^([a-z]+:|#)/.test(link))
          .map((link) => posix.join(posix.dirname(path), link.replace(/#.*/, '')))
          .filter((target) => !files.has(target))
          .map((target) => `${path}: ${target}`),
      )
    expect(broken).toEqual([])
  })

  it('says of every page in llms.txt what stands there', () => {
    const lines = read('llms.txt')
      .split('\n')
      .filter((line) => line.startsWith('- '))
    const words = (line: string) => line.replace(/^.*?\): /, '').split(' ')
    expect(lines.filter((line) => words(line).length < 6)).toEqual([])
    expect(lines.join('\n')).toContain('topics such as agent:1, thread:45 and agent:*')
  })

  it('gives language models the declarations of each entry, with comments and without private members', () => {
    for (const path of filesIn(join(site, 'api'))) {
      const text = read(`api/${path}`)
      expect(text, path).toContain('/**')
      expect(text, path).not.toMatch(/^ *private |@internal|^import /m)
    }
    expect(read('api/index.d.ts.txt')).toMatch(
      /Longest wait, in milliseconds.*\n +\* @default 12_000\n +\*\/\n +readonly maxMs: number;/,
    )
    expect(read('api/react.d.ts.txt')).toContain('export declare namespace HookTypes {')
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

  it('links over plain HTTP only where a document writes the address', () => {
    const written = ['README.md', ...documents()].map((path) => readFileSync(path, 'utf8')).join()
    const links = filesIn(site)
      .filter((path) => path.endsWith('.html'))
      .flatMap((path) => [...read(path).matchAll(/href="(http:[^"]+)"/g)])
      .map(([, link = '']) => link.replace(/\/$/, ''))
    expect(links.filter((link) => !written.includes(link))).toEqual([])
  })

  it('gives every column of a table a heading, and every heading the level below the one above', () => {
    for (const page of ['index.html', ...documents().map(pageOf)]) {
      const [, content = ''] = read(page).split('<div class="col-content"')
      expect(content, page).not.toMatch(/<th[^>]*><\/th>/)
      const levels = [...content.matchAll(/<h([1-6])/g)].map(([, level]) => Number(level))
      const skips = levels.filter((level, index) => level > (levels[index - 1] ?? 0) + 1)
      expect(skips, page).toEqual([])
    }
  })

  it('finds by search the headings of pages, each by its address', () => {
    const [, data = ''] = /"(.+)"/.exec(read('assets/search.js')) ?? []
    const index = JSON.parse(inflateSync(Buffer.from(data, 'base64')).toString())
    const urls: readonly string[] = index.rows.map(({ url }: { url: string }) => url)
    const pages = new Map(
      ['index.html', ...documents().map(pageOf)].map((path) => [path, read(path)]),
    )
    const found = urls.filter((url) => pages.has(url.replace(/#.*/, '')))
    const headings = [...pages.values()].flatMap((html) => html.match(/<h[23] id=/g) ?? [])
    expect(found.length).toBeGreaterThanOrEqual(headings.length)
    const links = found.map((url) => `<a href="${url}">`).join('')
    const broken = brokenLinks(new Map([...pages, ['search.html', links]]))
    expect(broken.filter((link) => link.startsWith('search.html'))).toEqual([])
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

  it('has no page that is wider than a phone', async () => {
    const page = await open('index.html', { width: 390, dark: false })
    // The longest names are the widest.
    const symbols = ['classes', 'interfaces', 'functions', 'types', 'modules'].flatMap((folder) =>
      [...filesIn(join(site, folder))]
        .sort((one, other) => other.length - one.length)
        .slice(0, 2)
        .map((path) => `${folder}/${path}`),
    )
    const wide: string[] = []
    for (const path of [...documents().map(pageOf), ...symbols]) {
      await page.goto(home + path)
      const overflow = await page.evaluate(async () => {
        // A page is shown when its navigation is ready; until then it has no width.
        while (document.body.clientWidth === 0) await new Promise(requestAnimationFrame)
        return document.documentElement.scrollWidth - document.documentElement.clientWidth
      })
      if (overflow > 0) wide.push(`${path}: ${overflow} px`)
    }
    expect(wide).toEqual([])
  })

  it('shows the whole name of every entry in the navigation of a desktop', async () => {
    const page = await open('index.html', { width: 1280, dark: false })
    const cut = await page.evaluate(() => {
      for (const details of document.querySelectorAll('details')) details.open = true
      const menu = document.querySelector('.site-menu')?.getBoundingClientRect()
      return [...document.querySelectorAll('.site-menu a[href*="modules/"] span')]
        .filter((name) => name.getBoundingClientRect().right > (menu?.right ?? 0))
        .map(({ textContent }) => textContent)
    })
    expect(cut).toEqual([])
  })

  it('leads by the words that readers type to the pages and headings that explain them', async () => {
    const page = await open('index.html', { width: 1280, dark: false })
    await page.evaluate(() => document.querySelector<HTMLElement>('#tsd-search-trigger')?.click())
    await appears(page, '#tsd-search-input:focus')
    for (const [word, targets] of Object.entries(SEARCH_WORDS)) {
      await page.evaluate(() => {
        document.querySelector<HTMLInputElement>('#tsd-search-input')?.select()
        document.querySelector('#tsd-search-results')?.replaceChildren()
      })
      await page.type(word)
      const first = () =>
        page.evaluate(() =>
          [...document.querySelectorAll<HTMLAnchorElement>('#tsd-search-results a')]
            .slice(0, 3)
            .map(({ pathname, hash }) => pathname.slice(1) + hash),
        )
      const isLed = async () => (await first()).some((address) => targets.includes(address))
      await expect.poll(isLed, { ...PATIENT, message: word }).toBe(true)
    }
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
