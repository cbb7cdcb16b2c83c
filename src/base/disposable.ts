/**
 * Adds `dispose`, `Symbol.dispose` and further members to a release function; getters stay getters.
 * The signal, when it fires, releases too; at once where it has fired already.
 *
 * `Symbol.dispose` is left out where the platform lacks it: some supported browsers do.
 */
export function disposable<Members extends object>(
  release: () => void,
  members: Members,
  signal?: AbortSignal,
): Disposer & Members {
  const dispose = (): void => {
    signal?.removeEventListener('abort', dispose)
    release()
  }
  const own = {
    ...Object.getOwnPropertyDescriptors(members),
    dispose: { value: dispose },
    [Symbol.dispose ?? 'dispose']: { value: dispose },
  }
  if (signal?.aborted) dispose()
  else signal?.addEventListener('abort', dispose)
  return Object.defineProperties(dispose, own) as Disposer & Members
}

/** A function that releases something, and works with `using` where the platform has it. */
export interface Disposer
  // The member that `using` calls, in programs compiled with the library for it.
  extends Record<
    SymbolConstructor extends { readonly dispose: infer Dispose extends symbol } ? Dispose : never,
    () => void
  > {
  /** Releases; safe to call twice. */
  (): void
  /** Releases, as calling the function does. */
  dispose(): void
}
