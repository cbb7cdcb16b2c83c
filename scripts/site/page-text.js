/** Returns the title of a page, which is its first heading, without Markdown. */
export function titleOf(text) {
  const [, title] = /^# (.+)$/m.exec(text) ?? []
  if (title === undefined) throw new Error(`A page has no heading: ${text.slice(0, 60)}`)
  return plain(title)
}

/** Returns the first sentence of the first paragraph of a page, without Markdown. */
export function firstSentenceOf(text) {
  const blocks = text.replace(/^```[\s\S]*?^```$/gm, '').split(/\n{2,}/)
  const isParagraph = (block) => /^\s*[^#|<>\s-]/.test(block) && !/^\s*\d+\. /.test(block)
  const paragraph = plain((blocks.find(isParagraph) ?? '').trim().replaceAll('\n', ' '))
  return /^.*?\.(?= |$)/.exec(paragraph)?.[0] ?? paragraph
}

/** Returns the sections of a page, each with its heading, without Markdown, and the text up to the next heading. */
export function sectionsOf(text) {
  const headings = headingsIn(text)
  return headings.map(({ index, 1: heading }, number) => ({
    heading: plain(heading),
    text: text.slice(index, headings[number + 1]?.index),
  }))
}

/** Returns the text of a page before its first section. */
export const leadOf = (text) => text.slice(0, headingsIn(text)[0]?.index)

/** Returns the headings below the title; in a block of code there is none. */
const headingsIn = (text) =>
  [...text.matchAll(/^ *```[\s\S]*?^ *```$|^##+ (.+)$/gm)].filter(([, heading]) => heading)

/** Returns a text without links and emphasis; in code an asterisk is none. */
const plain = (markdown) =>
  markdown
    .replace(/\[([^\]]+)\]\([^)]*\)/g, '$1')
    .replace(/(`+) ?(.+?) ?\1|\*+/g, (_match, _ticks, code = '') => code)
