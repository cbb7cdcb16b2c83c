import type { EventFrame, Position } from '../protocol/frame.ts'
import type { EntityChange } from './entity-change.ts'
import { entityChange } from './entity-change.ts'
import type { StateStep } from './state-source.ts'

/** What a mutation does to a state. */
export interface Mutation<T, Result = never> {
  /** The row it is about: of two about one row the later is not confirmed before the earlier. */
  readonly key: string | undefined
  /** What is shown while it is pending, over what lies below it. */
  readonly apply: (state: T, base: T) => T
  /** What is true once it was answered. */
  readonly confirmed: (result: Result) => (state: T) => T
  /** Whether an event that carries its id is all that it was about. */
  readonly echoes?: (change: EntityChange) => boolean
  /** Leaves a row out that may be the one it creates. */
  readonly hide?: (key: string | undefined) => (state: T) => T
}

/** A mutation that the base may not hold yet. */
export interface Layer<T> extends Omit<Mutation<T>, 'confirmed'> {
  /** The id of the event it brings about. */
  readonly id: string
  /** Whether its reply has come. */
  readonly answered: boolean
  /**
   * When it may go, once it was answered: with the place that the base has to reach, when somebody
   * says so (`told`), or at once, and what it has made of the state is the base's.
   */
  readonly until: Position | 'told' | undefined
  /** Leaves out of what lies below it what is held back for its sake. */
  readonly hides: ((state: T) => T) | undefined
}

/** What is confirmed, and what was done since: nothing is ever undone, only left out. */
export interface Layered<T> {
  readonly base: T
  /** The place in the channel's history that the base holds, where that is known. */
  readonly position: Position | undefined
  /** In the order they were made. */
  readonly layers: readonly Layer<T>[]
}

/** How a change is recognised as one's own where the backend does not hand on its id. */
export interface OwnRows {
  /** Who we are to the backend; nothing is held back where that is not known. */
  readonly userId: string | undefined
  /** What of a row tells it from others. */
  key(row: object): string | undefined
}

/** Adds a mutation on top. */
export function propose<T>(layered: Layered<T>, id: string, mutation: Mutation<T>): Layered<T> {
  const layer = { ...mutation, id, answered: false, until: undefined, hides: undefined }
  return { ...layered, layers: [...layered.layers, layer] }
}

/** Takes a mutation out: it was rejected, or the base holds it now. */
export function drop<T>(layered: Layered<T>, id: string): Layered<T> {
  return settle({ ...layered, layers: layered.layers.filter((layer) => layer.id !== id) })
}

/** A mutation was answered: from now on it is what its reply has made of it. */
export function confirm<T>(
  layered: Layered<T>,
  id: string,
  apply: (state: T) => T,
  until: Layer<T>['until'],
): Layered<T> {
  return change(layered, id, { apply, until, answered: true, hides: undefined })
}

/** What was held back for the sake of a mutation is shown. */
export function release<T>(layered: Layered<T>, id: string | undefined): Layered<T> {
  return change(layered, id, { hides: undefined })
}

/** The base moves; what of it a mutation has brought about takes that mutation's place. */
export function move<T>(layered: Layered<T>, step: StateStep<T>, own: OwnRows): Layered<T> {
  let { layers } = layered
  for (const event of step.events) {
    const told = entityChange(event)
    if (!told) continue
    const rest = layers.filter((layer) => !isEcho(layer, event, told))
    layers = rest.length < layers.length ? rest : held(layers, event, told, own)
  }
  return settle({ base: step.state, position: step.position, layers })
}

/** What is shown: the layers over the base. A layer that throws is told of and left out. */
export function shown<T>({ base, layers }: Layered<T>, report: (cause: unknown) => void): T {
  return layers.reduce((state, { apply, hides }) => {
    try {
      return apply(hides ? hides(state) : state, base)
    } catch (cause) {
      report(cause)
      return state
    }
  }, base)
}

/**
 * The answered layers that nothing keeps: what they made of the state is to become the base's. One
 * waits for an earlier one about the same row, so that the earlier reply cannot undo it.
 */
export function ripe<T>({ layers }: Layered<T>): readonly Layer<T>[] {
  return layers.filter(
    ({ key, answered, until }, at) =>
      answered &&
      until === undefined &&
      !layers.slice(0, at).some((earlier) => earlier.key === key && !earlier.answered),
  )
}

/** Lets those go whose place is reached. Of another history nothing more is to come. */
function settle<T>(layered: Layered<T>): Layered<T> {
  const { position, layers } = layered
  if (position === undefined) return layered
  const reached = ({ until }: Layer<T>): boolean =>
    typeof until === 'object' && (until.epoch !== position.epoch || until.offset <= position.offset)
  return { ...layered, layers: layers.filter((layer) => !reached(layer)) }
}

function change<T>(
  layered: Layered<T>,
  id: string | undefined,
  news: Partial<Layer<T>>,
): Layered<T> {
  const layers = layered.layers.map((layer) => (layer.id === id ? { ...layer, ...news } : layer))
  return settle({ ...layered, layers })
}

function isEcho<T>({ id, echoes }: Layer<T>, event: EventFrame, told: EntityChange): boolean {
  const mine = event.id === id || event.id?.startsWith(`${id}/`) || told.clientId === id
  return mine === true && (echoes?.(told) ?? false)
}

/**
 * While exactly one row is being created, a new one by the same user, of which nothing else tells
 * whose it is, is taken for it until the reply says so.
 */
function held<T>(
  layers: readonly Layer<T>[],
  event: EventFrame,
  { kind, row, userId, clientId }: EntityChange,
  own: OwnRows,
): readonly Layer<T>[] {
  const nameless = event.id === undefined && clientId === undefined
  if (kind !== 'created' || !row || !nameless) return layers
  if (userId === undefined || userId !== own.userId) return layers
  const [only, ...others] = layers.filter(({ hide, answered }) => hide && !answered)
  if (!only?.hide || only.hides || others.length > 0) return layers
  const hides = only.hide(own.key(row))
  return layers.map((layer) => (layer === only ? { ...layer, hides } : layer))
}
