import { readFile, writeFile } from 'node:fs/promises'

/** Writes the licences of packages whose code is part of the built files beside them. */
export async function writeLicences(packages: readonly string[]): Promise<void> {
  const texts = packages.map(async (name) => {
    const licence = await readFile(`node_modules/${name}/LICENSE`, 'utf8')
    return `${name}\n\n${licence.trim()}\n`
  })
  await writeFile('dist/THIRD-PARTY-LICENSES.txt', (await Promise.all(texts)).join('\n\n'))
}
