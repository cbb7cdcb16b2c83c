import type { ReactNode } from 'react'
import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { mount } from 'svelte'
import { followConnection } from './model/connection.ts'
import { followMachine } from './model/machine.ts'
import { followProcesses } from './model/process.ts'
import { ConnectionPanel } from './views/connection-panel.tsx'
import { Documents as ReactDocuments } from './views/documents-react.tsx'
import { mountDocuments as mountSignalsDocuments } from './views/documents-signals.ts'
import SvelteDocuments from './views/documents-svelte.svelte'
import { MachinePanel } from './views/machine-panel.tsx'
import { MessagesPanel } from './views/messages-panel.tsx'
import { PipelinePanel } from './views/pipeline-panel.tsx'
import { ProcessPanel } from './views/process-panel.tsx'
import { WorkersPanel } from './views/workers-panel.tsx'

// The model: updates the stores from now on.
followConnection()
followMachine()
followProcesses()

// The views: only read stores.
render(
  'overview',
  <>
    <ProcessPanel />
    <ConnectionPanel />
    <MachinePanel />
  </>,
)
render('documents-react', <ReactDocuments />)
mount(SvelteDocuments, { target: host('documents-svelte') })
mountSignalsDocuments(host('documents-signals'))
render(
  'details',
  <>
    <PipelinePanel />
    <WorkersPanel />
    <MessagesPanel />
  </>,
)

function render(id: string, views: ReactNode): void {
  createRoot(host(id)).render(<StrictMode>{views}</StrictMode>)
}

function host(id: string): HTMLElement {
  const element = document.getElementById(id)
  if (!element) throw new Error(`index.html has no #${id}.`)
  return element
}
