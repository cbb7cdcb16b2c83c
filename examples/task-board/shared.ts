/*
 * What the page and its server have to agree on: names of channels and requests, and the shapes
 * that travel with them.
 */

/** The kind of the entities: their channel is `entity:Task`. */
export const TASK = 'Task'
/** Where everybody who has the page open is present. */
export const BOARD = 'workspace/tasks'

/** One task, as its row in the database. */
export interface Task {
  readonly id: number
  readonly title: string
  readonly done: boolean
  /** Who wrote it down. */
  readonly by: string
}

/** What may be changed of a task. */
export interface TaskChange {
  readonly title?: string
  readonly done?: boolean
}
