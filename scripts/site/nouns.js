import { site } from './pages.js'

/** Returns the noun in `site.json` whose source is the file, or the nearest folder above it. */
export function nounOf(file, nouns = site.nouns) {
  const sources = nouns.flatMap(({ name, sources }) => sources.map((source) => ({ name, source })))
  const [nearest] = sources
    .filter(({ source }) => file === source || file.startsWith(`${source}/`))
    .sort((one, other) => other.source.length - one.source.length)
  return nearest?.name
}
