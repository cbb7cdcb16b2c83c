import { readFileSync } from 'node:fs'
import { blocksIn } from './blocks.ts'

const PAGE = 'docs/troubleshooting.md'

/** The lines of the log and the errors that the page on troubleshooting quotes, by the heading above them. */
export const quotedLines: ReadonlyMap<string, readonly string[]> = new Map(
  readFileSync(PAGE, 'utf8')
    .split(/^### /m)
    .slice(1)
    .map((section) => {
      const heading = section.slice(0, section.indexOf('\n'))
      const texts = blocksIn(PAGE, section).filter(({ language }) => language === 'text')
      return [heading, texts.flatMap(({ code }) => code.trimEnd().split('\n'))] as const
    })
    .filter(([, lines]) => lines.length > 0),
)

/** Returns the quoted lines that were not seen; `…` stands for any text. */
export function unseen(lines: readonly string[], seen: readonly string[]): readonly string[] {
  const rest = [...seen]
  return lines.filter((line) => {
    const escaped = line.replace(/[.*+?^${}()|[\]\\]/g, '\\$&').replaceAll('…', '.+')
    const at = rest.findIndex((text) => new RegExp(`^${escaped}$`).test(text))
    if (at >= 0) rest.splice(at, 1)
    return at < 0
  })
}
