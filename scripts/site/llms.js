import { cp, mkdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { declarationsOf } from './declarations.js'
import { firstSentenceOf, titleOf } from './page-text.js'
import { pagesOf, site } from './pages.js'

/**
 * Writes `llms.txt`, a table of contents for language models, and `llms-full.txt`, which has the pages' text;
 * and the files to which the table leads: the sources of the pages, and the declarations of the entries.
 */
export async function writeLlms(out, entries) {
  const { description } = JSON.parse(await readFile('package.json', 'utf8'))
  const pages = await Promise.all(
    [{ path: 'README.md', group: site.groups[0].name }, ...pagesOf()].map(async (page) => ({
      ...page,
      text: await readFile(page.path, 'utf8'),
    })),
  )
  // With all that they link to beside pages: schemas and images.
  await cp('docs', join(out, 'docs'), { recursive: true })
  for (const { path, text } of pages) await write(join(out, path), text)
  const declarations = declarationsOf(entries.map(({ source }) => source))
  for (const { file, source } of entries)
    await write(join(out, 'api', file), declarations.get(source))
  const sections = site.groups.map(({ name }) => {
    const lines = pages
      .filter(({ group }) => group === name)
      .map(({ path, text }) => `- [${titleOf(text)}](${path}): ${firstSentenceOf(text)}`)
    return `## ${name}\n\n${lines.join('\n')}`
  })
  const api = entries.map(({ name, file, summary }) => `- [${name}](api/${file}): ${summary}`)
  const parts = ['# wirefold', `> ${description}`, ...sections, `## API\n\n${api.join('\n')}`]
  await writeFile(join(out, 'llms.txt'), `${parts.join('\n\n')}\n`)
  const texts = pages.map(({ path, text }) => `<!-- ${path} -->\n\n${text.trim()}\n`)
  await writeFile(join(out, 'llms-full.txt'), texts.join('\n'))
}

async function write(path, text) {
  await mkdir(dirname(path), { recursive: true })
  await writeFile(path, text)
}
