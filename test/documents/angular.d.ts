/** The shape of the functions of Angular 20 that the documents use. */
declare module '@angular/core' {
  type Signal<T> = () => T
  interface WritableSignal<T> extends Signal<T> {
    set(value: T): void
    update(change: (value: T) => T): void
    asReadonly(): Signal<T>
  }
  interface EffectRef {
    destroy(): void
  }
  class InjectionToken<T> {
    private readonly provided: T
    constructor(description: string)
  }
  function signal<T>(initial: T): WritableSignal<T>
  function afterRenderEffect(run: (onCleanup: (end: () => void) => void) => void): EffectRef
  function inject<T>(token: InjectionToken<T>): T
  function inject<T>(token: InjectionToken<T>, options: { optional: true }): T | null
}
