/** Returns the families of a channel: those of `a:b:c` are `a:*` and `a:b:*`. */
export function familiesOf(channel: string): readonly string[] {
  return [...channel.matchAll(/:/g)]
    .map(({ index }) => `${channel.slice(0, index)}:*`)
    .filter((family) => family !== channel)
}
