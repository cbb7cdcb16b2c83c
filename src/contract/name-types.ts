import type { Channels, Presences, Requests, Untyped } from './contract-types.ts'

/** The names that a template stands for: `shop:{id}` becomes `shop:${string}`. */
export type NameOf<Template extends string> =
  Template extends `${infer Head}{${string}}${infer Rest}`
    ? `${Head}${string}${NameOf<Rest>}`
    : Template

/** The names of the members of a family. */
export type MemberOf<Template extends string> = Template extends `${infer Prefix}:*`
  ? `${Prefix}:${string}`
  : never

/** The names of a template's parameters. */
export type ParamNames<Template extends string> =
  Template extends `${string}{${infer Name}}${infer Rest}` ? Name | ParamNames<Rest> : never

/** The values of a template's parameters, by name. */
export type Params<Template extends string> = {
  readonly [Name in ParamNames<Template>]: string | number
}

/** `true` where one part of a name fits one part of a template. */
export type FitsPart<Name extends string, Template extends string> = Name extends
  | ''
  | `${string}{${string}`
  ? false
  : Name extends NameOf<Template>
    ? true
    : false

/** `true` where a name fits a template, part by part between the colons; the `*` of a family takes the rest. */
export type Fits<Name extends string, Template extends string> = Template extends '*'
  ? Name extends '' | `${string}{${string}`
    ? false
    : true
  : FitsParts<Name, Template>

/** {@link Fits} of a template that is no `*`. */
export type FitsParts<
  Name extends string,
  Template extends string,
> = Template extends `${infer FirstOf}:${infer RestOf}`
  ? Name extends `${infer First}:${infer Rest}`
    ? FitsPart<First, FirstOf> extends true
      ? Fits<Rest, RestOf>
      : false
    : false
  : Name extends `${string}:${string}`
    ? false
    : FitsPart<Name, Template>

/** The names that find a template: those it stands for, and those of the members of a family. */
export type IndexedOf<Template extends string> =
  Template extends `${infer Head}{${string}}${infer Rest}`
    ? `${Head}${string}${NameOf<Rest>}`
    : Template extends `${infer Prefix}:*`
      ? Template | `${Prefix}:${string}`
      : Template

/**
 * The templates by the names they stand for: a literal is a property, one with parameters a pattern
 * index signature, so that the compiler finds a name by itself instead of trying every template. A
 * family stands for its members, too.
 */
export type Index<Map> = {
  [Key in keyof Map & string as IndexedOf<Key>]: { readonly [Template in Key]: Template }
}

/** The templates, of those found, that a name fits: the compiler's patterns know no parts. */
export type Fitting<Found, Name extends string> = {
  [Template in keyof Found & string]: Fits<Name, Template> extends true ? Template : never
}[keyof Found & string]

/** The templates whose names begin with a prefix: the members of a family. */
export type Members<Map, Prefix extends string> = {
  [Key in keyof Map & string]: NameOf<Key> extends `${Prefix}:${string}` ? Key : never
}[keyof Map & string]

/** The keys of a map that have no parameters. */
export type PlainKeys<Map> = keyof {
  [Key in keyof Map & string as Key extends `${string}{${string}` ? never : Key]: Key
}

/** `true` where a name is a pattern such as `shop:${string}`, and no literal. */
export type IsPattern<Name extends string> =
  Record<never, never> extends Record<Name, 1> ? true : false

/** The keys without parameters that a pattern stands for. */
export type PlainWithin<Map, Name extends string> =
  IsPattern<Name> extends true ? PlainKeys<Map> & Name : never

/** `true` where a template has parameters. */
export type HasParam<Template extends string> = Template extends `${string}{${string}`
  ? true
  : false

/** `true` where the first of two parts is literal, and the second has parameters; `next` where both are alike. */
export type PrecedesPart<Part extends string, Other extends string> =
  HasParam<Part> extends HasParam<Other> ? 'next' : HasParam<Other>

/**
 * `true` where the first of two templates that fit one name counts for it: at the first part in which one is
 * literal and the other has parameters, it is the literal one; the nearest family comes last.
 */
export type Precedes<One extends string, Other extends string> = Other extends `${infer Prefix}:*`
  ? One extends `${string}:*`
    ? One extends `${Prefix}:${string}:*`
      ? true
      : false
    : true
  : One extends `${string}:*`
    ? false
    : PrecedesIn<One, Other>

/** {@link Precedes} of two templates that are no families, part by part. */
export type PrecedesIn<
  One extends string,
  Other extends string,
> = One extends `${infer First}:${infer Rest}`
  ? Other extends `${infer OtherFirst}:${infer OtherRest}`
    ? PrecedesPart<First, OtherFirst> extends 'next'
      ? PrecedesIn<Rest, OtherRest>
      : PrecedesPart<First, OtherFirst>
    : false
  : PrecedesPart<One, Other>

/** The one of the templates that fit a name which counts for it. */
export type Counting<Found extends string, All extends string = Found> = Found extends unknown
  ? [All] extends [Found]
    ? Found
    : true extends (All extends unknown ? Precedes<All, Found> : never)
      ? never
      : Found
  : never

/** Finds the templates of a name in a map and its index. */
export type Find<Map, ByName, Name extends string> = Name extends `${infer Prefix}:*`
  ? Members<Map, Prefix> | Counted<ByName, Name>
  : Name extends keyof ByName
    ? Name extends keyof Map
      ? Name extends `${string}{${string}`
        ? never
        : Name
      : Counting<Fitting<ByName[Name], Name>> | PlainWithin<Map, Name>
    : never

/** The template that counts of those that an index has for a name. */
export type Counted<ByName, Name extends string> = Name extends keyof ByName
  ? Counting<Fitting<ByName[Name], Name>>
  : never

/**
 * The templates of a name: its own entry alone, for a family those of all its members, else the one that
 * counts of those that it fits, and the entry of its family where it fits none.
 */
export type TemplateFor<Map, Name extends string> = Find<Map, Index<Map>, Name>

/** A name as it is where a template fits it, else the names or the advice to show in the error. */
// The names are spelled out here: an alias would stand in the error with the whole map.
export type Checked<Map, Name extends string> = Name extends unknown
  ? string extends Name
    ? Name
    : [TemplateFor<Map, Name>] extends [never]
      ? Name extends keyof Map
        ? `Put values in place of the braces of ${Name}`
        : { [Key in keyof Map & string]: Key }[keyof Map & string]
      : Name
  : never

/** Rejects the name of a family, to which no event can be published. */
export type NoFamily<Name> = Name extends `${string}:*`
  ? `Events are published to a member of ${Name}`
  : Name

/** The names of a contract's channels, for parameters and properties of one's own. */
export type ChannelName<C extends Untyped> =
  unknown extends Channels<C>
    ? string
    : NameOf<keyof Channels<C> & string> | MemberOf<keyof Channels<C> & string>

/** The types of a contract's requests. */
export type RequestName<C extends Untyped> =
  unknown extends Requests<C>
    ? string
    : { [Type in keyof Requests<C> & string]: Type }[keyof Requests<C> & string]

/** The resources of a contract at which a user can be present. */
export type Resource<C extends Untyped> =
  unknown extends Presences<C> ? string : NameOf<keyof Presences<C> & string>

// The parameters of methods. With a contract their type parameter `X` is the name, without one it is
// the payload or the reply, so that no overload stands in an error.

/** Channels of the protocol, which no contract has to list. */
export type Exempt = `user:${string}` | `presence:${string}`

/** The name of a channel to subscribe to. */
export type ChannelArg<C extends Untyped, X> =
  unknown extends Channels<C> ? string : X extends Exempt ? X : Checked<Channels<C>, X & string>

/** The name of a channel to publish to. */
export type PublishArg<C extends Untyped, X> =
  unknown extends Channels<C>
    ? string
    : NoFamily<
        string extends X
          ? { [Key in keyof Channels<C> & string]: Key }[keyof Channels<C> & string]
          : Checked<Channels<C>, X & string>
      >

/** A resource to be present at, or to watch. */
export type ResourceArg<C extends Untyped, X> =
  unknown extends Presences<C> ? string : Checked<Presences<C>, X & string>

/** The bound of the type parameter of a method that takes a channel. */
export type NameBound<C extends Untyped> = unknown extends Channels<C> ? unknown : string
/** The bound of the type parameter of a method that takes the type of a request. */
export type RequestBound<C extends Untyped> = unknown extends Requests<C> ? unknown : RequestName<C>
