import { createReadStream, existsSync } from 'node:fs'
import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { basename } from 'node:path'
import { StrictMode } from 'react'
import { renderToString } from 'react-dom/server'
import { sharedServer } from 'wirefold/server'
import { items } from '../shared-list/realtime.ts'
import { App } from './app.tsx'

/* Renders the page, serves its script, and realtime at /ws. */

const built = new URL('./dist/', import.meta.url)
const template = await readFile(new URL('index.html', built), 'utf8')

function rendered(): string {
  const app = renderToString(
    <StrictMode>
      <App initial={items} />
    </StrictMode>,
  )
  // A title with "</script>" must not end the script.
  const rows = JSON.stringify(items).replaceAll('<', '\\u003c')
  return template.replace('>[]<', () => `>${rows}<`).replace('<!--app-->', () => app)
}

const http = createServer(({ url = '/' }, response) => {
  const script = new URL(`assets/${basename(url)}`, built)
  const isScript = url.startsWith('/assets/') && existsSync(script)
  response.setHeader('content-type', isScript ? 'text/javascript' : 'text/html')
  if (isScript) createReadStream(script).pipe(response)
  else response.end(rendered())
})
sharedServer('/ws').attach(http, '/ws')
http.listen(Number(process.env.PORT ?? 3000), '127.0.0.1', () => {
  console.log(`Serving http://127.0.0.1:${(http.address() as AddressInfo).port}/`)
})
