import type { In, Out, Presences, Untyped } from './contract-types.ts'
import type { TemplateFor } from './name-types.ts'

/** The value of a map at a key; `never` if the map has no such key. */
export type At<Map, Key> = Key extends keyof Map ? Map[Key] : never
/** The schema or type of the meta at a resource. */
export type Leaf<C, Name extends string> = At<Presences<C>, TemplateFor<Presences<C>, Name>>

/** The meta that a client enters a resource with. */
export type MetaIn<C extends Untyped, Name> =
  unknown extends Presences<C> ? unknown : string extends Name ? never : In<Leaf<C, Name & string>>

/** The meta of the users who are present at a resource. */
export type MetaOut<C extends Untyped, Name> =
  unknown extends Presences<C>
    ? unknown
    : string extends Name
      ? unknown
      : Out<Leaf<C, Name & string>>
