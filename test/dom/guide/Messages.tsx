import { useState } from 'react'
import type { Subscriber } from 'wirefold'
import { useSubscription } from 'wirefold/react'

export function Messages({ channels }: { readonly channels: Subscriber }) {
  const [texts, setTexts] = useState<readonly string[]>([])
  useSubscription(channels, 'room:1', (text: string) => setTexts((all) => [...all, text]))
  return <output>{texts.join(', ')}</output>
}
