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

const plain = (markdown) => markdown.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
