import type { StoreFactory, StoreKind } from 'wirefold'

/** A store that records all its values, beginning with the initial one. */
export interface Recording<T> {
  readonly values: T[]
}

export interface RecordingKind extends StoreKind {
  readonly store: Recording<this['value']>
}

export const recordingStores: StoreFactory<RecordingKind> = {
  create<T>(initial: T) {
    const values = [initial]
    return { store: { values }, set: (value: T) => void values.push(value) }
  },
}
