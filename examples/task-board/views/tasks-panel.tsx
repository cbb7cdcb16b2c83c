import { useState } from 'react'
import { useReadable } from 'wirefold/react'
import { Switch } from '../../page/switch.tsx'
import { notice } from '../model/notice.ts'
import { rejecting, rejectNext } from '../model/rejecting.ts'
import type { ListName } from '../model/tasks.ts'
import { add, status, tasks } from '../model/tasks.ts'
import { LONGEST } from '../shared.ts'
import { Stale } from './stale.tsx'
import { TaskRow } from './task-row.tsx'

/** The shared list of tasks. */
export function TasksPanel() {
  const [list, setList] = useState<ListName>('all')
  const rows = useReadable(tasks[list])
  const { name } = useReadable(status)
  const message = useReadable(notice)
  const rejects = useReadable(rejecting)
  return (
    <section className="card tasks">
      <h2>Tasks</h2>
      <NewTask list={list} />
      <p className="notice" role="alert" hidden={!message}>
        {message}
      </p>
      <Stale status={status} />
      <ol data-testid="tasks" data-status={name}>
        {rows.map((task) => (
          <TaskRow key={task.id} task={task} list={list} />
        ))}
      </ol>
      {rows.length === 0 && <p className="empty">Nothing to do</p>}
      <div className="switches">
        <Switch on={list === 'open'} toggle={(on) => setList(on ? 'open' : 'all')}>
          Open only
        </Switch>
        <Switch on={rejects} toggle={rejectNext}>
          Reject the next write
        </Switch>
      </div>
    </section>
  )
}

function NewTask({ list }: { list: ListName }) {
  return (
    <form
      className="new"
      onSubmit={(event) => {
        event.preventDefault()
        const title = String(new FormData(event.currentTarget).get('title')).trim()
        event.currentTarget.reset()
        if (title) void add(title, list)
      }}
    >
      <input
        name="title"
        aria-label="New task"
        placeholder="What is to be done?"
        autoComplete="off"
        maxLength={LONGEST.title}
      />
      <button type="submit">Add</button>
    </form>
  )
}
