import { posix } from 'node:path'

/** Returns the values of an attribute in HTML. */
const valuesOf = (attribute: string, html: string): readonly string[] =>
  [...html.matchAll(new RegExp(`\\s${attribute}="([^"]*)"`, 'g'))].map(([, value = '']) =>
    value.replaceAll('&amp;', '&'),
  )

/**
 * Returns the links and assets of pages that lead to no file, or to no element of their page.
 *
 * @param files the texts of all files of a site by their paths; those of other files than HTML are not read
 */
export function brokenLinks(files: ReadonlyMap<string, string>): readonly string[] {
  const ids = new Map<string, ReadonlySet<string>>()
  for (const [path, html] of files) ids.set(path, new Set(valuesOf('id', html)))
  return [...files].flatMap(([page, html]) => {
    if (!page.endsWith('.html')) return []
    const links = new Set([...valuesOf('href', html), ...valuesOf('src', html)])
    return [...links].flatMap((link) => {
      if (/^[a-z]+:/.test(link)) return []
      const [address = '', anchor = ''] = link.split('#').map(decodeURIComponent)
      const target = address ? posix.join(posix.dirname(page), address) : page
      if (!files.has(target)) return [`${page}: ${link}: there is no ${target}`]
      if (!anchor || ids.get(target)?.has(anchor)) return []
      return [`${page}: ${link}: ${target} has no #${anchor}`]
    })
  })
}
