/** The type of `Symbol.dispose`; `never` in a program that is compiled without the library for it. */
type DisposeSymbol = SymbolConstructor extends { readonly dispose: infer Dispose extends symbol }
  ? Dispose
  : never

/** What `using` calls, in programs that have it. */
type ForUsing = { [member in DisposeSymbol]: () => void }

/** A function that releases something, and works with `using` where the platform has it. */
export interface Disposer extends ForUsing {
  /** Releases; safe to call twice. */
  (): void
  /** The same, by name. */
  dispose(): void
}

/**
 * Gives a release function its `dispose`, its `Symbol.dispose`, and further members; getters stay
 * getters.
 *
 * The symbol is younger than some supported browsers: where it is missing the function goes without.
 */
export function disposable<Members extends object>(
  release: () => void,
  members: Members,
): Disposer & Members {
  const own = { ...Object.getOwnPropertyDescriptors(members), dispose: { value: release } }
  if (Symbol.dispose) Object.defineProperty(release, Symbol.dispose, { value: release })
  return Object.defineProperties(release, own) as Disposer & Members
}
