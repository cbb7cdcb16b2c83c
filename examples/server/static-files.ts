import { readFile } from 'node:fs/promises'
import type { ServerResponse } from 'node:http'
import { extname, join, normalize } from 'node:path'

const TYPES: Readonly<Record<string, string>> = {
  '.css': 'text/css; charset=utf-8',
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
}

/** Sends a file of the first folder whose prefix matches the path, or 404. */
export function sendPage(
  folders: readonly (readonly [under: string, folder: string])[],
  path: string,
  response: ServerResponse,
): Promise<void> {
  const [under = '', folder] =
    folders.find(([name]) => path === name || path.startsWith(`${name}/`)) ?? []
  return sendFile(folder, path.slice(under.length) || '/', response)
}

async function sendFile(
  folder: string | undefined,
  path: string,
  response: ServerResponse,
): Promise<void> {
  // Normalized as an absolute path, so that `..` cannot leave the folder.
  const name = normalize(path === '/' ? '/index.html' : path)
  const type = TYPES[extname(name)]
  try {
    if (!type || !folder) throw new Error(`Files like ${name} are not served.`)
    const content = await readFile(join(folder, name))
    response.writeHead(200, { 'Content-Type': type, 'Cache-Control': 'no-cache' }).end(content)
  } catch {
    response.writeHead(404, { 'Content-Type': 'text/plain' }).end('Not found')
  }
}
