import { posix } from 'node:path'

/** The files that links may point to. */
export interface FileSource {
  has(path: string): boolean
  read(path: string): string
}

/** Returns the text of a document without its code. */
function prose(text: string): string {
  return text.replace(/^```[\s\S]*?^```$/gm, '').replace(/`[^`\n]*`/g, '')
}

/** Returns the anchors of the headings of a document on GitHub and npm. */
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

/** Returns the relative links of a document whose file or heading does not exist. */
export function deadLinks(document: string, files: FileSource): readonly string[] {
  const links = prose(files.read(document)).matchAll(/\]\(([^)\s]+)[^)]*\)/g)
  return [...links].flatMap(([, link = '']) => {
    if (/^[a-z]+:/.test(link)) return []
    const [path = '', anchor] = link.split('#')
    const target = path ? posix.join(posix.dirname(document), path) : document
    if (!files.has(target)) return [`${document}: ${link}: there is no ${target}`]
    if (anchor === undefined || anchorsOf(files.read(target)).has(anchor)) return []
    return [`${document}: ${link}: ${target} has no heading #${anchor}`]
  })
}
