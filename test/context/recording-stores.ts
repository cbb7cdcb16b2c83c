import type { StoreFactory, StoreKind } from 'wirefold'

/** A store that remembers all it was set to, the first value being the one it was made with. */
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
