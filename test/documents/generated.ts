/**
 * Returns the text of a page with other contents between its marks: `<!-- name -->` and `<!-- /name -->`.
 *
 * @throws if the page lacks a mark, or has one without a part
 */
export function withParts(page: string, parts: Readonly<Record<string, string>>): string {
  const marks = [...page.matchAll(/^<!-- (\w+) -->$/gm)].map(([, name = '']) => name)
  if (marks.sort().join() !== Object.keys(parts).sort().join()) {
    throw new Error(
      `The page has marks for ${marks}, and there are parts for ${Object.keys(parts)}.`,
    )
  }
  return page.replace(
    /^<!-- (\w+) -->$[\s\S]*?^<!-- \/\1 -->$/gm,
    (_, name: string) => `<!-- ${name} -->\n\n${parts[name]}\n\n<!-- /${name} -->`,
  )
}

/** Returns a table in Markdown. */
export function table(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const line = (cells: readonly string[]) => `| ${cells.join(' | ')} |`
  return [line(head), `|${head.map(() => '---|').join('')}`, ...rows.map(line)].join('\n')
}

/** Returns the first cells of the first table below a heading, where they are code. */
export function firstCells(page: string, heading: string): readonly string[] {
  const [, section = ''] = page.split(`\n${heading}\n`)
  const [rows = ''] = /^\|.*(?:\n\|.*)*/m.exec(section) ?? []
  return [...rows.matchAll(/^\| `([^`]+)`/gm)].map(([, cell = '']) => cell)
}
