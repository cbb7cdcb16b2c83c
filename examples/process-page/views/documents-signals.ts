import { effect, signal } from '@preact/signals-core'
import { toSignal, valueSignals } from 'wirefold/signals'
import type { ProcessContexts } from '../model/contexts.ts'
import { run } from '../model/process.ts'
import { describe } from './describe.ts'

const signals = valueSignals(signal)

/** Renders the documents of the current process with plain signals. */
export function mountDocuments(host: HTMLElement): void {
  const current = toSignal(run, signals).signal
  effect(() => {
    if (current.value) return showList(host, current.value.contexts)
    host.replaceChildren(make('p', 'empty', 'Waiting for a process …'))
  })
}

function showList(host: HTMLElement, contexts: ProcessContexts): () => void {
  const list = make('ol', 'rows')
  const paths = toSignal(contexts.slot('DocumentContext').keys, signals)
  const rows = new Map<string, () => void>()
  host.replaceChildren(make('p', 'empty', 'No documents yet'))
  const stop = effect(() => {
    if (paths.signal.value.length > 0) host.replaceChildren(list)
    for (const path of paths.signal.value) {
      if (!rows.has(path)) rows.set(path, addRow(list, contexts, path))
    }
  })
  return () => {
    for (const end of [stop, paths.stop, ...rows.values()]) end()
  }
}

function addRow(list: HTMLElement, contexts: ProcessContexts, path: string): () => void {
  const document = toSignal(contexts.entity('DocumentContext', path), signals)
  const step = toSignal(contexts.entity('currentStep', path), signals)
  const components = toSignal(contexts.slot('ComponentContext').keys, signals)
  const item = make('li')
  const [name, status, detail] = [
    make('span', 'name'),
    make('span', 'status'),
    make('span', 'detail'),
  ]
  const progress = make('progress')
  item.title = path
  item.append(name, status, detail, progress)
  list.append(item)
  const stop = effect(() => {
    if (!document.signal.value) return
    const row = describe(document.signal.value, step.signal.value)
    item.dataset.tone = row.tone
    name.textContent = row.name
    status.textContent = row.status
    detail.textContent = row.detail
    progress.max = components.signal.value.length
    progress.value = row.done
  })
  return () => {
    for (const end of [stop, document.stop, step.stop, components.stop]) end()
  }
}

function make<Name extends keyof HTMLElementTagNameMap>(
  name: Name,
  className = '',
  text = '',
): HTMLElementTagNameMap[Name] {
  const element = window.document.createElement(name)
  element.className = className
  element.textContent = text
  return element
}
