// @vitest-environment happy-dom
import { act, cleanup, render, screen } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { createMockSubscriber } from 'wirefold/testing'
import { Messages } from './Messages.tsx'

afterEach(cleanup)

it('shows messages as they arrive, and those of a lost connection', async () => {
  const channels = createMockSubscriber()
  render(<Messages channels={channels} />)
  await act(async () => channels.emit('room:1', 'said', 'hello'))
  expect(screen.getByRole('status').textContent).toBe('hello')
  channels.lose()
  channels.emit('room:1', 'said', 'anyone here?')
  await act(async () => channels.restore())
  expect(screen.getByRole('status').textContent).toBe('hello, anyone here?')
})
