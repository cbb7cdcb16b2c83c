import { asFields, asString } from '../../protocol/fields.ts'
import type { SubscribeIntent, UnsubscribeIntent } from '../../protocol/intent.ts'

/** Channel of the events that name no room; it needs no subscribe. */
const UNNAMED = 'socket'

/**
 * An event that joins or leaves a room: its name, which is emitted with the room and, if there are any, the
 * parameters of the subscribe; or a function that returns the name and all arguments, `undefined` for a
 * room that needs no such event.
 */
export type RoomEvent =
  | string
  | ((room: string, params: unknown) => readonly [event: string, ...args: unknown[]] | undefined)

/** The rooms of a Socket.IO server, as the application's own events join and name them. */
export interface RoomOptions {
  /**
   * Text before the name of a room in the name of its channel.
   * @default ''
   */
  readonly prefix?: string | undefined
  /**
   * The event that joins a room.
   * @default undefined (no room has to be joined)
   */
  readonly join?: RoomEvent | undefined
  /**
   * The event that leaves a room.
   * @default undefined (the client stays in the room until it disconnects)
   */
  readonly leave?: RoomEvent | undefined
  /**
   * The place of the room in an event: the index of an argument, which is then no part of the payload; a
   * field of the first argument; or a function that returns the room. Events that name none belong to the
   * channel `socket`.
   * @default undefined (no event names a room)
   */
  readonly room?:
    | number
    | string
    | ((event: string, args: readonly unknown[]) => string | undefined)
    | undefined
}

/** Returns the event with which a channel is joined or left; `undefined` if it needs none. */
export function membershipEvent(
  { prefix, join, leave }: RoomOptions,
  channel: string,
  intent: SubscribeIntent | UnsubscribeIntent,
): readonly unknown[] | undefined {
  const room = roomOf(prefix, channel)
  const joins = intent.kind === 'subscribe'
  const event = joins ? join : leave
  const params = joins ? intent.params : undefined
  if (room === undefined || event === undefined) return undefined
  if (typeof event === 'function') return event(room, params)
  return params === undefined ? [event, room] : [event, room, params]
}

/** Returns the channel of an event, and its payload: its one argument, or the list of several. */
export function placeOf(
  { prefix = '', room }: RoomOptions,
  event: string,
  args: readonly unknown[],
): { readonly channel: string; readonly payload: unknown } {
  const isIndex = typeof room === 'number'
  const name = asString(
    typeof room === 'function'
      ? room(event, args)
      : isIndex
        ? args[room]
        : asFields(args[0])[room ?? ''],
  )
  if (name === undefined) return { channel: UNNAMED, payload: only(args) }
  const own = isIndex ? args.filter((_, at) => at !== room) : args
  return { channel: prefix + name, payload: only(own) }
}

/** Returns the arguments of an event that the client emits: the room if it is one of them, and the payload. */
export function argumentsFor(
  { prefix, room }: RoomOptions,
  channel: string,
  payload: unknown,
): readonly unknown[] {
  const args = payload === undefined ? [] : [payload]
  const name = roomOf(prefix, channel)
  if (name === undefined || typeof room !== 'number') return args
  return [...args.slice(0, room), name, ...args.slice(room)]
}

/** Returns the one value of a list, or the list of several. */
export function only(values: readonly unknown[]): unknown {
  return values.length > 1 ? values : values[0]
}

function roomOf(prefix = '', channel: string): string | undefined {
  const isRoom = channel.startsWith(prefix) && !/^(\/|socket$|$)/.test(channel)
  return isRoom ? channel.slice(prefix.length) : undefined
}
