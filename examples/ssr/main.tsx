import { StrictMode } from 'react'
import { hydrateRoot } from 'react-dom/client'
import { App } from './app.tsx'

const host = document.getElementById('list')
const rows = document.getElementById('rows')?.textContent
if (!host || !rows) throw new Error('The page has no #list or no #rows.')
hydrateRoot(
  host,
  <StrictMode>
    <App initial={JSON.parse(rows)} />
  </StrictMode>,
)
