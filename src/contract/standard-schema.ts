// The types of Standard Schema 1.1 (https://standardschema.dev), which its authors publish to be copied.
// MIT License, Copyright (c) 2024 Colin McDonnell.

/** A schema of any library that implements Standard Schema, such as zod, valibot or arktype. */
export interface StandardSchemaV1<Input = unknown, Output = Input> {
  /** The properties that the standard defines. */
  readonly '~standard': StandardSchemaV1.Props<Input, Output>
}

/** Parts of {@link StandardSchemaV1}. */
export declare namespace StandardSchemaV1 {
  /** The properties of a schema. */
  interface Props<Input = unknown, Output = Input> {
    /** The version of the standard. */
    readonly version: 1
    /** The name of the schema library. */
    readonly vendor: string
    /** Validates a value; most schemas return their result at once. */
    readonly validate: (value: unknown) => Result<Output> | Promise<Result<Output>>
    /** The types; never set at run time. */
    readonly types?: Types<Input, Output> | undefined
    /** Converts the schema to JSON Schema, where the library does so (Standard JSON Schema). */
    readonly jsonSchema?: JsonConverter | undefined
  }

  /** The result of a validation. */
  type Result<Output> = SuccessResult<Output> | FailureResult

  /** The result for a valid value. */
  interface SuccessResult<Output> {
    /** The validated value. */
    readonly value: Output
    /** Missing, which tells this result apart from a {@link FailureResult}. */
    readonly issues?: undefined
  }

  /** The result for an invalid value. */
  interface FailureResult {
    /** The faults of the value. */
    readonly issues: readonly Issue[]
  }

  /** A rule of a schema that a value breaks. */
  interface Issue {
    /** May contain the value. */
    readonly message: string
    /** The place within the value. */
    readonly path?: readonly (PropertyKey | PathSegment)[] | undefined
  }

  /** One step of a path, of libraries that do not give the key itself. */
  interface PathSegment {
    /** The key of the step. */
    readonly key: PropertyKey
  }

  /** The types before and after a validation. */
  interface Types<Input = unknown, Output = Input> {
    /** The type before the validation. */
    readonly input: Input
    /** The type after the validation. */
    readonly output: Output
  }

  /** Converts a schema to JSON Schema; both functions may throw. */
  interface JsonConverter {
    /** Converts the type before the validation. */
    readonly input: (options: JsonOptions) => Record<string, unknown>
    /** Converts the type after the validation. */
    readonly output: (options: JsonOptions) => Record<string, unknown>
  }

  /** Options of a {@link JsonConverter}. */
  interface JsonOptions {
    /** The version of JSON Schema. */
    readonly target: 'draft-2020-12' | 'draft-07' | ({} & string)
  }

  /** The type that a schema accepts. */
  type InferInput<Schema extends StandardSchemaV1> = NonNullable<
    Schema['~standard']['types']
  >['input']

  /** The type that a schema returns. */
  type InferOutput<Schema extends StandardSchemaV1> = NonNullable<
    Schema['~standard']['types']
  >['output']
}
