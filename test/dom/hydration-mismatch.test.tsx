import { act } from '@testing-library/react'
import { hydrateRoot } from 'react-dom/client'
import { renderToString } from 'react-dom/server'
import { expect, it, onTestFinished } from 'vitest'
import { createStore, type Readable } from 'wirefold'
import { useReadable } from 'wirefold/react'
import { quotedLines, unseen } from '../documents/quoted-lines.ts'

function Title({ title }: { readonly title: Readable<string> }) {
  return <p>{useReadable(title)}</p>
}

/** Hydrates what the server rendered with a store, and returns the first lines of React's errors. */
async function hydrated(title: Readable<string>): Promise<readonly string[]> {
  const container = document.createElement('div')
  container.innerHTML = renderToString(<Title title={createStore('rendered')} />)
  const errors: string[] = []
  const onRecoverableError = (error: unknown) => {
    errors.push(String(error).split('\n')[0]?.trim() ?? '')
  }
  await act(async () => {
    const root = hydrateRoot(container, <Title title={title} />, { onRecoverableError })
    onTestFinished(() => act(async () => root.unmount()))
  })
  return errors
}

it('a store that is made with another value than the rendered one causes the error of the page', async () => {
  const errors = await hydrated(createStore('newest'))
  expect(unseen(quotedLines.get('Hydration mismatch') ?? ['no line'], errors)).toEqual([])
})

it('a store that is made with the rendered value and set later causes none, as the page advises', async () => {
  const title = createStore('rendered')
  title.set('newest')
  expect(await hydrated(title)).toEqual([])
})
