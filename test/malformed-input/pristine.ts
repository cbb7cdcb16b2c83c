import { expect } from 'vitest'

const classes = [Object, Array, Function, String, Number, Boolean, Map, Set, Promise, Error]
const builtin = () =>
  classes.map((of) => Reflect.ownKeys(of.prototype).map(String).join()).join('\n')
const pristine = builtin()

/** Asserts that no prototype has gained or lost a key. */
export function expectPristine(): void {
  expect(builtin()).toBe(pristine)
}

/** Asserts that a value has no `__proto__` key and no foreign prototype, at any level. */
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
