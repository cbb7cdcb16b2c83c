// @vitest-environment happy-dom
import { cleanup, render, screen, waitFor } from '@testing-library/svelte'
import { tick } from 'svelte'
import { afterEach, expect, it } from 'vitest'
import { createMockSubscriber } from 'wirefold/testing'
import Messages from './Messages.svelte'

afterEach(cleanup)

it('shows messages as they arrive, and leaves the channel when it is gone', async () => {
  const channels = createMockSubscriber()
  const { unmount } = render(Messages, { channels })
  channels.emit('room:1', 'said', 'hello')
  await tick()
  expect(screen.getByRole('status').textContent).toBe('hello')
  unmount()
  await waitFor(() => expect(channels.subscribed).toEqual([]))
})
