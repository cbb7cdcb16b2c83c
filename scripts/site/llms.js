import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { firstSentenceOf, titleOf } from './page-text.js'
import { pagesOf, site } from './pages.js'

/**
 * Writes `llms.txt`, a table of contents for language models, and `llms-full.txt`, which has the pages' text;
 * copies the sources of the pages, to which the table leads, and the declarations in `api`.
 */
export async function writeLlms(out, entries) {
  const { description } = JSON.parse(await readFile('package.json', 'utf8'))
  const pages = await Promise.all(
    [{ path: 'README.md', group: site.groups[0].name }, ...pagesOf()].map(async (page) => ({
      ...page,
      text: await readFile(page.path, 'utf8'),
    })),
  )
  for (const { path, text } of pages) {
    await mkdir(dirname(join(out, path)), { recursive: true })
    await writeFile(join(out, path), text)
  }
  await cp('api', join(out, 'api'), { recursive: true })
  const sections = site.groups.map(({ name }) => {
    const lines = pages
      .filter(({ group }) => group === name)
      .map(({ path, text }) => `- [${titleOf(text)}](${path}): ${firstSentenceOf(text)}`)
    return `## ${name}\n\n${lines.join('\n')}`
  })
  const declarations = entries.map(({ name, file, summary }) => {
    return `- [${name}](api/${file}): ${summary}`
  })
  const parts = [
    '# wirefold',
    `> ${description}`,
    ...sections,
    `## API\n\n${declarations.join('\n')}`,
  ]
  await writeFile(join(out, 'llms.txt'), `${parts.join('\n\n')}\n`)
  const texts = pages.map(({ path, text }) => `<!-- ${path} -->\n\n${text.trim()}\n`)
  await writeFile(join(out, 'llms-full.txt'), texts.join('\n'))
}
