/** Returns the title of a page, which is its first heading, without Markdown. */
export function titleOf(text) {
  const [, title] = /^# (.+)$/m.exec(text) ?? []
  if (title === undefined) throw new Error(`A page has no heading: ${text.slice(0, 60)}`)
  return plain(title)
}

/** Returns the first sentence below the title of a page, without Markdown. */
export function firstSentenceOf(text) {
  const [, paragraph = ''] = /^# .+\n+((?:[^#\n`|<>-].*\n)+)/m.exec(text) ?? []
  const line = plain(paragraph.replaceAll('\n', ' ').trim())
  return /^.*?[.:](?= |$)/.exec(line)?.[0].replace(/:$/, '.') ?? line
}

const plain = (markdown) => markdown.replace(/\[([^\]]+)\]\([^)]*\)/g, '$1').replace(/[`*]/g, '')
