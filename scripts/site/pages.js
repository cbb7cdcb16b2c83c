import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { dirname } from 'node:path/posix'

/** The order and the grouping of the site: `site.json`. */
export const site = JSON.parse(readFileSync(new URL('site.json', import.meta.url), 'utf8'))

/**
 * Returns the pages of the site in their order, each with its group: first those that `site.json` names and
 * that exist, then all others of the group's folder by name.
 */
export function pagesOf(groups = site.groups) {
  const named = new Set(groups.flatMap(({ pages }) => pages))
  const others = readdirSync('docs', { recursive: true, encoding: 'utf8' })
    .map((name) => `docs/${name.replaceAll('\\', '/')}`)
    .filter((path) => path.endsWith('.md') && !named.has(path))
    .sort()
  const folders = groups.flatMap(({ folder }) => folder ?? [])
  // A folder without a group belongs to the group of the folder above it.
  const folderOf = (path) => (folders.includes(path) ? path : folderOf(dirname(path)))
  return groups.flatMap(({ name, folder, pages }) => {
    const rest = others.filter((path) => folderOf(dirname(path)) === folder)
    return [...pages.filter((path) => existsSync(path)), ...rest].map((path) => ({
      path,
      group: name,
    }))
  })
}
