// @vitest-environment happy-dom
import { act, cleanup, render, screen, waitFor } from '@testing-library/react'
import { afterEach, expect, it } from 'vitest'
import { ChannelSubscriber, RealtimeClient } from 'wirefold'
import { Messages } from './Messages.tsx'
import { servedByHand } from './served-by-hand.ts'

afterEach(cleanup)

it('shows a message in a React component, with mock-socket alone', async () => {
  const server = servedByHand('ws://localhost/react')
  const client = new RealtimeClient('ws://localhost/react')
  const channels = new ChannelSubscriber(client)
  render(<Messages channels={channels} />)
  await channels.subscribe('room:1', () => {}).ready
  act(() => server.publish('room:1', 'said', 'hello'))
  await waitFor(() => expect(screen.getByRole('status').textContent).toBe('hello'))
  client.close()
  server.stop()
})
