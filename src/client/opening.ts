/**
 * The promise of `connect()`, which knows whether a caller awaits it: a failure that no caller awaits is
 * reported elsewhere. An ignored one causes no unhandled rejection.
 */
export class Opening extends Promise<void> {
  /** Promises derived from it are ordinary ones. */
  static override get [Symbol.species](): PromiseConstructor {
    return Promise
  }
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  /** Whether `then` was called, as `await`, `catch` and `Promise.all` do. */
  isAwaited = false

  constructor() {
    let settle: [Opening['resolve'], Opening['reject']] = [() => {}, () => {}]
    super((...given) => {
      settle = given
    })
    ;[this.resolve, this.reject] = settle
    super.then(undefined, () => {})
  }

  // biome-ignore lint/suspicious/noThenProperty: it is a promise
  override then<Value = void, Reason = never>(
    fulfilled?: Fulfilled<Value>,
    rejected?: ((reason: unknown) => Reason | PromiseLike<Reason>) | null,
  ): Promise<Value | Reason> {
    this.isAwaited = true
    return super.then(fulfilled, rejected)
  }
}

type Fulfilled<Value> = Parameters<typeof Promise.prototype.then<Value>>[0]
