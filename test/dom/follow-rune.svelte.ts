import type { Rune } from 'wirefold/svelte'

/** Calls `run` with every value, from a separate effect. */
export function followRune<T>(rune: Rune<T>, run: (value: T) => void): () => void {
  return $effect.root(() => {
    $effect(() => run(rune.current))
  })
}
