import type { Key } from './browser-driver.ts'

/** How the WebDriver protocols write the keys. */
export const KEYS: Readonly<Record<Key, string>> = { Enter: '\uE007', Space: ' ' }

/** The actions, in the terms of the WebDriver protocols, that type characters one after another. */
export function keyActions(characters: string): readonly object[] {
  const actions = [...characters].flatMap((value) => [
    { type: 'keyDown', value },
    { type: 'keyUp', value },
  ])
  return [{ type: 'key', id: 'keyboard', actions }]
}
