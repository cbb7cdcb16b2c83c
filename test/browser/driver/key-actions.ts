import type { Key } from './browser-driver.ts'

/** The key values of the WebDriver protocols. */
export const KEYS: Readonly<Record<Key, string>> = {
  Enter: '\uE007',
  Space: ' ',
  Tab: '\uE004',
}

/** Returns the WebDriver actions that type characters one after another. */
export function keyActions(characters: string): readonly object[] {
  const actions = [...characters].flatMap((value) => [
    { type: 'keyDown', value },
    { type: 'keyUp', value },
  ])
  return [{ type: 'key', id: 'keyboard', actions }]
}
