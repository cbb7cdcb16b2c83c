import { posix } from 'node:path'

/** The files that links may lead to. */
export interface Shelf {
  has(path: string): boolean
  read(path: string): string
}

/** The text of a document without its code. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** The anchors that the headings of a document have on GitHub and npm. */
function anchorsOf(text: string): ReadonlySet<string> {
  const anchors = new Set<string>()
  for (const [, heading = ''] of text.replace(/^```[\s\S]*?^```$/gm, '').matchAll(/^#+ (.+)$/gm)) {
    const words = heading.toLowerCase().replace(/[^\p{L}\p{N}\s_-]/gu, '')
    const anchor = words.trim().replaceAll(' ', '-')
    let count = 0
    let unique = anchor
    while (anchors.has(unique)) unique = `${anchor}-${++count}`
    anchors.add(unique)
  }
  return anchors
}

/** Returns the relative links of a document that lead to no file, or to no heading of it. */
export function deadLinks(document: string, shelf: Shelf): readonly string[] {
  const links = prose(shelf.read(document)).matchAll(/\]\(([^)\s]+)[^)]*\)/g)
  return [...links].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const target = path ? posix.join(posix.dirname(document), path) : document
    if (!shelf.has(target)) return [`${document}: ${link}: there is no ${target}`]
    if (anchor === undefined || anchorsOf(shelf.read(target)).has(anchor)) return []
    return [`${document}: ${link}: ${target} has no heading #${anchor}`]
  })
}
