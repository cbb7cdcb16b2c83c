import { StrictMode } from 'react'
import { createRoot } from 'react-dom/client'
import { followConnection } from './model/connection.ts'
import { enterBoard } from './model/people.ts'
import { followRejecting } from './model/rejecting.ts'
import { ConnectionBar } from './views/connection-bar.tsx'
import { PeoplePanel } from './views/people-panel.tsx'
import { TasksPanel } from './views/tasks-panel.tsx'

// The model: updates the stores from now on.
followConnection()
enterBoard()
followRejecting()

// The views: only read stores.
const host = document.getElementById('board')
if (!host) throw new Error('index.html has no #board.')
createRoot(host).render(
  <StrictMode>
    <ConnectionBar />
    <TasksPanel />
    <PeoplePanel />
  </StrictMode>,
)
