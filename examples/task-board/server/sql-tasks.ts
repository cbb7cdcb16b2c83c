import type { Database, Statement } from 'sql.js'
import initSqlJs from 'sql.js'
import type { Task, TaskChange } from '../shared.ts'

const SCHEMA = `CREATE TABLE task (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  title TEXT NOT NULL,
  done INTEGER NOT NULL DEFAULT 0,
  by TEXT NOT NULL
)`

/** Tasks in an SQL database within this process; it knows nothing of sockets. */
export class SqlTasks {
  readonly #database: Database

  private constructor(database: Database) {
    this.#database = database
  }

  /** A database with a few tasks in it. */
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

  /** All tasks, in the order in which they were written down. */
  all(): readonly Task[] {
    return this.#rows('SELECT * FROM task ORDER BY id', [])
  }

  /** Writes a task down. */
  create(title: string, by: string): Task {
    const [task] = this.#rows('INSERT INTO task (title, by) VALUES (?, ?) RETURNING *', [title, by])
    if (!task) throw new Error('The database did not keep the task.')
    return task
  }

  /** Changes a task; nothing where there is no such task. */
  update(id: string, { title, done }: TaskChange): Task | undefined {
    const [task] = this.#rows(
      'UPDATE task SET title = coalesce(?, title), done = coalesce(?, done) WHERE id = ? RETURNING *',
      [title ?? null, done === undefined ? null : Number(done), id],
    )
    return task
  }

  /** Deletes a task; false where there is no such task. */
  delete(id: string): boolean {
    return this.#rows('DELETE FROM task WHERE id = ? RETURNING *', [id]).length > 0
  }

  /** Lets go of the database. */
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
