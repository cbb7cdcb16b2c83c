/*
 * Names and payloads that the page and its server share: channels, requests, and their types.
 */

/** The path of the board's sockets. */
export const BOARD_PATH = '/board'
/** The entity type of the tasks: their channel is `entity:Task`. */
export const TASK = 'Task'
/** The resource at which people with an open page are present. */
export const BOARD = 'workspace/tasks'
/**
 * The event with whether the server rejects a person's next write, and the request that sets it.
 */
export const REJECTING = 'rejecting'

/** The maximum lengths of a person's name and of a task's title. */
export const LONGEST = { name: 40, title: 120 } as const

/** A task, as a row of the database. */
export interface Task {
  /** A string, so that a pending task can have a temporary id. */
  readonly id: string
  readonly title: string
  readonly done: boolean
  /** The name of the person who created it. */
  readonly by: string
}

/** The fields of a task that can be changed. */
export interface TaskChange {
  readonly title?: string
  readonly done?: boolean
}

/** The activity of a window, as its presence meta. */
export interface Doing {
  /** The id of the task whose title has the cursor. */
  readonly editing?: string
}
