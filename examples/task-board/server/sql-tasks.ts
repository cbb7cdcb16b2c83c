import type { Database, Statement } from 'sql.js'
import initSqlJs from 'sql.js'
import type { Task, TaskChange } from '../shared.ts'

const SCHEMA = `CREATE TABLE task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  by TEXT NOT NULL
)`

/** Tasks in an SQL database in memory, without sockets. */
export class SqlTasks {
  readonly #database: Database

  private constructor(database: Database) {
    this.#database = database
  }

  /** Opens a database with a few tasks. */
  static async open(): Promise<SqlTasks> {
    const { Database } = await initSqlJs()
    const database = new Database()
    database.run(SCHEMA)
    const tasks = new SqlTasks(database)
    for (const title of [
      'Open this page in a second window',
      'Tick a task off',
      'Reject a write',
    ]) {
      tasks.create(title, 'the demo')
    }
    return tasks
  }

  /** Returns all tasks in the order of their creation. */
  all(): readonly Task[] {
    return this.#rows('SELECT * FROM task ORDER BY id', [])
  }

  /** Creates a task. */
  create(title: string, by: string): Task {
    const [task] = this.#rows('INSERT INTO task (title, by) VALUES (?, ?) RETURNING *', [title, by])
    if (!task) throw new Error('The database did not return the new task.')
    return task
  }

  /** Changes a task; returns undefined if it does not exist. */
  update(id: string, { title, done }: TaskChange): Task | undefined {
    const [task] = this.#rows(
      'UPDATE task SET title = coalesce(?, title), done = coalesce(?, done) WHERE id = ? RETURNING *',
      [title ?? null, done === undefined ? null : Number(done), id],
    )
    return task
  }

  /** Deletes a task; returns false if it does not exist. */
  delete(id: string): boolean {
    return this.#rows('DELETE FROM task WHERE id = ? RETURNING *', [id]).length > 0
  }

  /** Closes the database. */
  close(): void {
    this.#database.close()
  }

  #rows(sql: string, values: readonly (string | number | null)[]): Task[] {
    const statement = this.#database.prepare(sql, [...values])
    const tasks: Task[] = []
    try {
      while (statement.step()) tasks.push(taskOf(statement))
    } finally {
      statement.free()
    }
    return tasks
  }
}

function taskOf(statement: Statement): Task {
  const { id, title, done, by } = statement.getAsObject()
  return { id: String(id), title: String(title), done: Boolean(done), by: String(by) }
}
