import { useEffect, useState } from 'react'
import type { Optimistic } from 'wirefold'
import { showActivity } from '../model/people.ts'
import type { ListName } from '../model/tasks.ts'
import { change, remove } from '../model/tasks.ts'
import type { Task } from '../shared.ts'
import { LONGEST } from '../shared.ts'

/** A task that can be ticked, renamed in place, and deleted. */
export function TaskRow({ task, list }: { task: Optimistic<Task>; list: ListName }) {
  const pending = task._optimistic === true
  // A new task cannot be changed yet, because the server has not given it an id.
  const isNew = task.id.startsWith('temp_')
  return (
    <li data-pending={pending} data-done={task.done}>
      <input
        type="checkbox"
        aria-label={`Done: ${task.title}`}
        checked={task.done}
        disabled={isNew}
        onChange={(event) => change(task, { done: event.target.checked }, list)}
      />
      <Title task={task} disabled={isNew} rename={(title) => change(task, { title }, list)} />
      <small className="by">{pending ? 'saving …' : `#${task.id} · ${task.by}`}</small>
      <button
        type="button"
        aria-label={`Delete: ${task.title}`}
        disabled={isNew}
        onClick={({ currentTarget }) => {
          focusBeside(currentTarget)
          void remove(task, list)
        }}
      >
        ×
      </button>
    </li>
  )
}

/** Moves the focus off a row that is about to be removed: to the next one, or to the one before. */
function focusBeside(button: HTMLElement): void {
  const row = button.closest('li')
  const beside = row?.nextElementSibling ?? row?.previousElementSibling
  const next = beside?.querySelector('button') ?? document.querySelector<HTMLElement>('.new input')
  next?.focus()
}

/** An editable title; changes by others are shown once the cursor has left. */
function Title(props: { task: Task; disabled: boolean; rename: (title: string) => unknown }) {
  const { task, disabled, rename } = props
  const [draft, setDraft] = useState<string>()
  const isEdited = draft !== undefined
  useEffect(() => {
    if (!isEdited) return
    showActivity({ editing: task.id })
    return () => showActivity({})
  }, [isEdited, task.id])
  return (
    <textarea
      className="title"
      rows={1}
      aria-label={`Title: ${task.title}`}
      value={draft ?? task.title}
      maxLength={LONGEST.title}
      disabled={disabled}
      onFocus={() => setDraft(task.title)}
      onChange={(event) => setDraft(event.target.value)}
      onKeyDown={(event) => {
        const { key, currentTarget } = event
        if (key === 'Escape') currentTarget.value = task.title
        if (key !== 'Enter' && key !== 'Escape') return
        event.preventDefault()
        currentTarget.blur()
      }}
      onBlur={(event) => {
        // A title is one line, also where several were pasted.
        const title = event.target.value.replaceAll(/\s+/g, ' ').trim()
        setDraft(undefined)
        if (title && title !== task.title) rename(title)
      }}
    />
  )
}
