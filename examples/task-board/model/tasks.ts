import { bindList } from 'wirefold'
import type { Task, TaskChange } from '../shared.ts'
import { TASK } from '../shared.ts'
import { channels } from './channels.ts'
import { client } from './client.ts'
import { note, notice } from './notice.ts'
import { optimistic } from './optimistic.ts'

/** The tasks that belong in a list, as the server has them. */
function bound(filter: (task: Task) => boolean) {
  return bindList<Task>(channels, `entity:${TASK}`, {
    load: async (signal) => ({
      state: await client.request<readonly Task[]>('task:list', undefined, { signal }),
    }),
    filter,
    order: (one, other) => rank(one) - rank(other) || 0,
  })
}

/** Tasks stand in the order of their ids, and those that have none yet behind them. */
function rank({ id }: Task): number {
  const number = Number(id)
  return Number.isNaN(number) ? Number.POSITIVE_INFINITY : number
}

/** The lists that can be shown. */
export type ListName = 'all' | 'open'

const lists = { all: bound(() => true), open: bound(({ done }) => !done) }

/** The tasks of a list as they are to be seen: with what was done here and is not confirmed yet. */
export const tasks = { all: optimistic.view(lists.all), open: optimistic.view(lists.open) }

/** How the tasks stand with the server. */
export const status = lists.all.status

/** Writes a task down. */
export function add(title: string, on: ListName): Promise<void> {
  const creating = optimistic.create<Task>(TASK, { title, done: false }, lists[on])
  return settled(`“${title}” was not added`, creating)
}

/** Changes a task. */
export function change({ id, title }: Task, changes: TaskChange, on: ListName): Promise<void> {
  const changing = optimistic.update<Task>(TASK, id, changes, lists[on])
  return settled(`“${title}” was not changed`, changing)
}

/** Deletes a task. */
export function remove({ id, title }: Task, on: ListName): Promise<void> {
  return settled(`“${title}” was not deleted`, optimistic.delete(TASK, id, lists[on]))
}

/** What is refused is gone from the view by itself; here it is put into words. */
async function settled(failure: string, write: Promise<unknown>): Promise<void> {
  notice.set('')
  try {
    await write
  } catch (error) {
    note(failure, error)
  }
}
