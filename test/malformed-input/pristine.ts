import { expect } from 'vitest'

const classes = [Object, Array, Function, String, Number, Boolean, Map, Set, Promise, Error]
const builtin = () =>
  classes.map((of) => Reflect.ownKeys(of.prototype).map(String).join()).join('\n')
const pristine = builtin()

/** Fails where a prototype has gained or lost a key. */
export function expectPristine(): void {
  expect(builtin()).toBe(pristine)
}

/** Fails where a value has a `__proto__` key at any level, or a prototype that JSON does not give. */
export function expectNoProto(value: unknown): void {
  expect(isClean(value)).toBe(true)
}

function isClean(value: unknown): boolean {
  if (typeof value !== 'object' || value === null) return true
  const { prototype } = Array.isArray(value) ? Array : Object
  return (
    Object.getPrototypeOf(value) === prototype &&
    !Object.hasOwn(value, '__proto__') &&
    Object.values(value).every(isClean)
  )
}
