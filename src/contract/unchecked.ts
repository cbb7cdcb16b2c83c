import type { StandardSchemaV1 } from './standard-schema.ts'

/** Returns a schema that accepts every value: typed, not checked. */
export function unchecked<Value>(): StandardSchemaV1<Value, Value> {
  return {
    '~standard': {
      version: 1,
      vendor: 'wirefold',
      // The application vouches for the type.
      validate: (value) => ({ value: value as Value }),
    },
  }
}
