import { copyFileSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import {
  Application,
  Comment,
  CommentTag,
  Converter,
  DefaultTheme,
  IndexEvent,
  KindRouter,
  PageEvent,
  ReferenceReflection,
  ReflectionKind,
  RendererEvent,
} from 'typedoc'
import { writeLlms } from './llms.js'
import { nounOf } from './nouns.js'
import { titleOf } from './page-text.js'
import { pagesOf } from './pages.js'
import { leaveSectionsTheirWords, sectionsWithAddress } from './search.js'

/** Called by TypeDoc: names and groups the pages and symbols as `site.json` says. */
export function load(app) {
  app.converter.on(Converter.EVENT_CREATE_DOCUMENT, (_context, page) => namePage(page))
  app.converter.on(Converter.EVENT_RESOLVE_BEGIN, ({ project }) => tagSymbols(project, app.logger))
  // After TypeDoc's own groups and categories, which have the priorities -100 and -200.
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => untagSymbols(project), -300)
  app.converter.on(Converter.EVENT_RESOLVE_END, ({ project }) => unlinkSources(project))
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => validateMembers(project, app.logger))
  app.on(Application.EVENT_VALIDATE_PROJECT, (project) => validateSentences(project, app.logger))
  app.renderer.defineRouter('site', SiteRouter)
  app.renderer.defineTheme('site', SiteTheme)
  app.renderer.on(IndexEvent.PREPARE_INDEX, leaveSectionsTheirWords)
  app.renderer.on(PageEvent.END, (page) => mendPage(page))
  app.renderer.on(RendererEvent.END, ({ outputDirectory }) => copyScripts(outputDirectory))
  app.renderer.postRenderAsyncJobs.push(({ outputDirectory, project }) =>
    writeLlms(outputDirectory, project.children.map(entryOf)),
  )
}

const pathOf = (page) => relative('.', page.project.files.getReflectionPath(page))

/** A page of the site has the address of its file. */
class SiteRouter extends KindRouter {
  buildPages(project) {
    const pages = super.buildPages(project)
    for (const [section, address] of sectionsWithAddress(pages)) this.fullUrls.set(section, address)
    return pages
  }

  getIdealBaseName(reflection) {
    if (!reflection.isDocument()) return super.getIdealBaseName(reflection)
    return pathOf(reflection).replace(/\.md$/, '')
  }
}

/** The theme of TypeDoc, whose navigation breaks the name of an entry at a slash where it is too long. */
class SiteTheme extends DefaultTheme {
  buildNavigation(project) {
    const groups = super.buildNavigation(project)
    const { children } = groups.find(({ text }) => text === 'API')
    for (const entry of children) entry.text = entry.text.replaceAll('/', '/\u200B')
    return groups
  }
}

/** Gives a page its group, and its first heading as its name, which the theme shows above the text. */
function namePage(page) {
  const path = pathOf(page)
  page.name = titleOf(readFileSync(path, 'utf8'))
  page.frontmatter.group = pagesOf().find((known) => known.path === path)?.group
  const end = page.content.findIndex(({ text }) => text.includes('\n'))
  page.content.splice(0, end)
  const [first] = page.content
  if (first) first.text = first.text.slice(first.text.indexOf('\n'))
}

/** Adds to a rendered page what screen readers and phones need, and TypeDoc's theme lacks. */
function mendPage(page) {
  page.contents = page.contents
    ?.replace('<div class="col-content">', '<div class="col-content" role="main">')
    // A wide table scrolls by itself, also by keyboard.
    .replaceAll(
      '<table>',
      '<div class="table" role="group" aria-label="Table" tabindex="0"><table>',
    )
    .replaceAll('</table>', '</table></div>')
  if (page.contents?.includes('<code class="mermaid">')) {
    const assets = `${'../'.repeat(page.url.split('/').length - 1)}assets`
    const scripts = `<script defer src="${assets}/mermaid.js"></script><script type="module" src="${assets}/diagrams.js"></script>`
    page.contents = page.contents.replace('</head>', `${scripts}</head>`)
  }
}

/** Copies the scripts that draw diagrams. */
function copyScripts(directory) {
  const mermaid = fileURLToPath(import.meta.resolve('@mermaid-js/tiny'))
  copyFileSync(mermaid, join(directory, 'assets/mermaid.js'))
  copyFileSync(join(import.meta.dirname, 'diagrams.js'), join(directory, 'assets/diagrams.js'))
}

/** Puts the entries into the group "API", and their symbols into the categories of their nouns. */
function tagSymbols(project, logger) {
  for (const entry of project.children ?? []) {
    tag(entry, '@group', 'API')
    for (const symbol of entry.children ?? []) {
      const noun = nounOfSymbol(symbol)
      if (noun) tag(symbol, '@category', noun)
      else logger.warn(`${symbol.getFullName()} has no noun: name its folder in site.json.`)
    }
  }
}

function nounOfSymbol(symbol) {
  // Namespaces hold types that only other types use.
  if (symbol.kindOf(ReflectionKind.Namespace)) return 'Types of types'
  const target = symbol instanceof ReferenceReflection ? symbol.getTargetReflectionDeep() : symbol
  const [source] = target.sources ?? target.signatures?.[0]?.sources ?? []
  return source && nounOf(relative('.', source.fullFileName))
}

function tag(reflection, name, text) {
  reflection.comment ??= new Comment()
  reflection.comment.blockTags.push(new CommentTag(name, [{ kind: 'text', text }]))
}

/** Removes the tags, with which a symbol without a comment would count as documented. */
function untagSymbols(project) {
  for (const entry of project.children ?? []) {
    for (const reflection of [entry, ...(entry.children ?? [])]) {
      reflection.comment?.removeTags('@group')
      reflection.comment?.removeTags('@category')
      if (reflection.comment?.isEmpty()) delete reflection.comment
    }
  }
}

/** Leaves the names of the files that declare symbols, as text. */
function unlinkSources(project) {
  for (const { sources = [] } of Object.values(project.reflections))
    for (const source of sources) delete source.url
}

const CHECKED =
  ReflectionKind.FunctionOrMethod |
  ReflectionKind.Constructor |
  ReflectionKind.Property |
  ReflectionKind.Accessor

/**
 * Reports functions, constructors and members without a description, apart from constants, and from the members of
 * type literals, which the comment of their type describes. TypeDoc's own check has no such exceptions, and takes a
 * comment of nothing but tags, such as `@default`, for a description.
 */
function validateMembers(project, logger) {
  for (const member of project.getReflectionsByKind(CHECKED)) {
    const isPlain =
      member.type?.type === 'literal' ||
      member.parent.kindOf(ReflectionKind.TypeLiteral | ReflectionKind.TypeAlias)
    // Those that a mapped type adds, or a class without a constructor, have no place for a comment.
    if (![member, ...(member.signatures ?? [])].some(({ sources }) => sources)) continue
    if (isPlain || commentsOf(member).some((comment) => comment?.summary.length > 0)) continue
    logger.validationWarning(`${member.getFriendlyFullName()} has no description.`)
  }
}

/** Reports descriptions that begin without a noun or a verb: lists of symbols show them alone. */
function validateSentences(project, logger) {
  for (const { comment } of Object.values(project.reflections)) {
    const text = Comment.combineDisplayParts(comment?.summary)
    if (/^(What|Who|How|Why|Where|Its?|Those)\b/.test(text))
      logger.validationWarning(`Begin a description with a noun or a verb: "${text}"`)
  }
}

const commentsOf = ({ comment, signatures = [], getSignature, setSignature, type }) => [
  comment,
  ...[...signatures, getSignature, setSignature].map((signature) => signature?.comment),
  ...(type?.declaration?.signatures ?? []).map((signature) => signature.comment),
]

/** Returns the line of an entry in `llms.txt`, and its file in `src`. */
function entryOf({ name, comment, sources }) {
  const file = name.replace(/^wirefold\/?/, '').replaceAll('/', '-') || 'index'
  const summary = Comment.combineDisplayParts(comment?.summary).replaceAll('\n', ' ')
  return { name, file: `${file}.d.ts.txt`, summary, source: sources[0].fullFileName }
}
