/** Returns the call of a function as an expression that a page can evaluate. */
export function expressionOf<A extends readonly unknown[]>(
  run: (...args: A) => unknown,
  args: A,
): string {
  return `(${run})(...${JSON.stringify(args)})`
}
