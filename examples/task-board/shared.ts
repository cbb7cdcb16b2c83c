/*
 * What the page and its server have to agree on: names of channels and requests, and the shapes
 * that travel with them.
 */

/** Where the board's sockets are served. */
export const BOARD_PATH = '/board'
/** The kind of the entities: their channel is `entity:Task`. */
export const TASK = 'Task'
/** Where everybody who has the page open is present. */
export const BOARD = 'workspace/tasks'
/** The event that tells a person whether their next write is rejected, and the request that asks for it. */
export const REJECTING = 'rejecting'

/** The longest name of a person, and title of a task. */
export const LONGEST = { name: 40, title: 120 } as const

/** One task, as its row in the database. */
export interface Task {
  /** As text, so that a task that is being created can have one of its own. */
  readonly id: string
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

/** What a window tells of itself to the others. */
export interface Doing {
  /** The id of the task whose title has the cursor in it. */
  readonly editing?: string
}
