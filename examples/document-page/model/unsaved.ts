import type { Person } from './person.ts'

/** Has the browser ask before it leaves the page while the server does not have all edits. */
export function warnOfUnsaved(people: readonly Person[]): void {
  addEventListener('beforeunload', (event) => {
    const pending = people.map(({ client }) => client.pending.get())
    if (pending.some(({ queued, sent }) => queued + sent > 0)) event.preventDefault()
  })
}
