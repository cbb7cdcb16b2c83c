// @vitest-environment happy-dom
import { cleanup, render, screen, waitFor } from '@testing-library/svelte'
import { afterEach, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import Messages from './Messages.svelte'
import { servedByHand } from './served-by-hand.ts'

afterEach(cleanup)

it('shows a message in a Svelte component, with mock-socket alone', async () => {
  const server = servedByHand('ws://localhost/svelte')
  const client = new RealtimeClient('ws://localhost/svelte')
  const channels = new ChannelSubscriber(client)
  render(Messages, { channels })
  await channels.subscribe('room:1', () => {}).ready
  server.publish('room:1', 'said', 'hello')
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('hello'))
  client.close()
  server.stop()
})
