import { bindList } from 'wirefold'
import type { Task, TaskChange } from '../shared.ts'
import { TASK } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { note, notice } from './notice.ts'
import { optimistic } from './optimistic.ts'

/** Returns the list of the tasks that match a filter, as confirmed by the server. */
function bound(filter: (task: Task) => boolean) {
  return bindList<Task>(channels, `entity:${TASK}`, {
    load: async (signal) => ({
      state: await client.request<readonly Task[]>('task:list', undefined, { signal }),
    }),
    filter,
    order: (one, other) => rank(one) - rank(other) || 0,
  })
}

/** Returns the sort key of a task: its id; new tasks without an id come last. */
function rank({ id }: Task): number {
  const number = Number(id)
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number
}

/** The names of the lists. */
export type ListName = 'all' | 'open'

const lists = { all: bound(() => true), open: bound(({ done }) => !done) }

/** The tasks of each list, including pending changes of this window. */
export const tasks = { all: optimistic.view(lists.all), open: optimistic.view(lists.open) }

/** The status of the tasks' channel. */
export const status = lists.all.status

/** Creates a task. */
export function add(title: string, on: ListName): Promise<void> {
  const creating = optimistic.create<Task>(TASK, { title, done: false }, lists[on])
  return showFailure(`“${title}” was not added`, creating)
}

/** Changes a task. */
export function change({ id, title }: Task, changes: TaskChange, on: ListName): Promise<void> {
  const changing = optimistic.update<Task>(TASK, id, changes, lists[on])
  return showFailure(`“${title}” was not changed`, changing)
}

/** Deletes a task. */
export function remove({ id, title }: Task, on: ListName): Promise<void> {
  return showFailure(`“${title}” was not deleted`, optimistic.delete(TASK, id, lists[on]))
}

/** Shows the error of a refused write; the view is rolled back by itself. */
async function showFailure(failure: string, write: Promise<unknown>): Promise<void> {
  notice.set('')
  try {
    await write
  } catch (error) {
    note(failure, error)
  }
}
