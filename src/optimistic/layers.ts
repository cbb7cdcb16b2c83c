import type { EventFrame, Position } from '../protocol/frame.ts'
import type { EntityChange } from './entity-change.ts'
import { changedKey, entityChange } from './entity-change.ts'
import type { StateStep } from './state-source.ts'

/** Adds a mutation as the top layer; a restored one below those that were made since. */
export function propose<T>(
  layered: Layered<T>,
  id: string,
  mutation: Mutation<T>,
  restored = false,
): Layered<T> {
  const layers = [...layered.layers, { ...mutation, id, restored, answered: false }]
  return { ...layered, layers: layers.sort((a, b) => Number(b.restored) - Number(a.restored)) }
}

/** Removes a mutation: it was rejected, or the base contains it now. */
export function drop<T>(layered: Layered<T>, id: string): Layered<T> {
  return prune({ ...layered, layers: layered.layers.filter((layer) => layer.id !== id) })
}

/** Replaces an answered mutation by the change that its reply has confirmed. */
export function confirm<T>(
  layered: Layered<T>,
  id: string,
  apply: (state: T) => T,
  until: Layer<T>['until'],
): Layered<T> {
  return change(layered, id, { apply, until, answered: true, hides: undefined })
}

/** Shows the rows that were hidden for a mutation. */
export function release<T>(layered: Layered<T>, id: string | undefined): Layered<T> {
  return change(layered, id, { hides: undefined })
}

/** Moves the base by a step; removes the mutations whose events are in it. */
export function move<T>(layered: Layered<T>, step: StateStep<T>, own: OwnRows): Layered<T> {
  let { layers } = layered
  for (const event of step.events) {
    const changed = entityChange(event)
    if (!changed) continue
    const rest = layers.filter((layer) => !isEcho(layer, event, changed, own))
    layers = rest.length < layers.length ? rest : hideOwnRow(layers, event, changed, own)
  }
  return prune({ base: step.state, position: step.position, layers })
}

/** Returns the base with the layers applied. A layer that throws is reported and left out. */
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
 * Returns the answered layers that can become part of the base. A layer waits for an earlier,
 * unanswered one of the same row, so that the earlier reply cannot overwrite it.
 */
export function ripe<T>({ layers }: Layered<T>): readonly Layer<T>[] {
  return layers.filter(
    ({ key, answered, until }, at) =>
      answered &&
      until === undefined &&
      !layers.slice(0, at).some((earlier) => earlier.key === key && !earlier.answered),
  )
}

/** Removes the layers whose position is reached, or belongs to another epoch. */
function prune<T>(layered: Layered<T>): Layered<T> {
  const { position, layers } = layered
  if (position === undefined) return layered
  const isAhead = ({ until }: Layer<T>): boolean =>
    typeof until !== 'object' || (until.epoch === position.epoch && until.offset > position.offset)
  return { ...layered, layers: layers.filter(isAhead) }
}

function change<T>(
  layered: Layered<T>,
  id: string | undefined,
  news: Partial<Layer<T>>,
): Layered<T> {
  return prune({ ...layered, layers: alter(layered.layers, id, news) })
}

function alter<T>(
  layers: readonly Layer<T>[],
  id: string | undefined,
  news: Partial<Layer<T>>,
): readonly Layer<T>[] {
  return layers.map((layer) => (layer.id === id ? { ...layer, ...news } : layer))
}

function isEcho<T>(
  { id, echoes }: Layer<T>,
  event: EventFrame,
  changed: EntityChange,
  { tag, requested }: OwnRows,
): boolean {
  const sent = tag + id
  const byId = event.id === sent || event.id?.startsWith(`${sent}/`)
  // Any user can send any `clientId`, so it does not count where the server puts tags before ids.
  const byClientId = changed.clientId === id && !(tag && requested.has(id))
  return Boolean((byId || byClientId) && echoes?.(changed))
}

/**
 * While exactly one row is being created, hides a new row by the same user whose event carries no
 * id, until the reply shows whether it is the same row.
 */
function hideOwnRow<T>(
  layers: readonly Layer<T>[],
  event: EventFrame,
  changed: EntityChange,
  own: OwnRows,
): readonly Layer<T>[] {
  const { kind, userId, clientId } = changed
  if (kind !== 'created' || (event.id ?? clientId) !== undefined) return layers
  if (userId === undefined || userId !== own.userId) return layers
  const [only, another] = layers.filter(({ hide, answered }) => hide && !answered)
  if (!only?.hide || only.hides || another) return layers
  return alter(layers, only.id, { hides: only.hide(changedKey(changed, own.key)) })
}

/** Identification of this client's changes, and of its rows where the backend returns no ids. */
export interface OwnRows {
  /** This client's user id; nothing is hidden where it is unknown. */
  readonly userId: string | undefined
  /** The text that the server puts before the ids of this client's changes. */
  readonly tag: string
  /** The ids of the mutations that were sent as requests of the client. */
  readonly requested: ReadonlySet<string>
  /** Returns the key of a row. */
  key(row: object): string | undefined
}

/**
 * The confirmed state and the mutations since. Rollback is recomputation: a layer is left out,
 * never reverted.
 */
export interface Layered<T> {
  readonly base: T
  /** The position in the channel's history that the base contains, where it is known. */
  readonly position: Position | undefined
  /** Layers in the order they were made. */
  readonly layers: readonly Layer<T>[]
}

/** A mutation that the base may not contain yet. */
export interface Layer<T> extends Omit<Mutation<T>, 'confirmed'> {
  /** The id of the event that it causes. */
  readonly id: string
  /** Whether it was made by an earlier page. */
  readonly restored: boolean
  /** Whether its reply has arrived. */
  readonly answered: boolean
  /**
   * The condition for removing an answered layer: the base reaches a position; {@link drop} is
   * called (`dropped`); or none, and its result becomes part of the base at once.
   */
  readonly until?: Position | 'dropped' | undefined
  /** Removes rows from the state below that are hidden while this mutation is pending. */
  readonly hides?: ((state: T) => T) | undefined
}

/** A mutation, as functions on a state. */
export interface Mutation<T, Result = never> {
  /**
   * The row that it changes: of two mutations of one row the later is not confirmed before the
   * earlier.
   */
  readonly key: string | undefined
  /** Returns the state to show while it is pending. */
  readonly apply: (state: T, base: T) => T
  /** Returns the change that its reply has confirmed. */
  readonly confirmed: (result: Result) => (state: T) => T
  /** Whether an event that carries its id is the whole effect of the mutation. */
  readonly echoes?: (change: EntityChange) => boolean
  /** Hides a row that may be the one it creates. */
  readonly hide?: (key: string | undefined) => (state: T) => T
}
