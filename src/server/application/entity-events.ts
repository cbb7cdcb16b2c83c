import type { EventBus } from './event-bus.ts'

/** The changes of entities by event type, as clients receive them. */
export interface EntityEvents {
  /** An entity was created. */
  'entity:created': EntityChange
  /** An entity was changed. */
  'entity:updated': EntityChange
  /** An entity was deleted. */
  'entity:deleted': EntityChange
}

/** A change of one entity. */
export interface EntityChange<Entity = unknown> {
  /** Id of the entity. */
  readonly id: string | number
  /** The kind of the entity, for example `Task`; its channel is `entity:Task`. */
  readonly entityName: string
  /** The entity after the change; `null` if it was deleted. */
  readonly data: Entity | null
  /** The user that made the change, if known. */
  readonly userId: string | undefined
}

/** A publisher of channel events, such as a realtime server. */
export interface EventPublisher {
  /** Whether its contract has a channel; without it, every one is published to. */
  lists?(channel: string): boolean
  /** Publishes an event; `RealtimeServer` is a publisher. */
  publish(channel: string, type: string, payload?: unknown): Promise<unknown>
}

/** Returns the channel of all entities of a kind, or of one entity. */
export function entityChannel(entityName: string, id?: string | number): string {
  return id === undefined ? `entity:${entityName}` : `entity:${entityName}:${id}`
}

/**
 * Publishes entity changes to channels: every change to the channel of the kind, updates and
 * deletions also to the channel of the entity. Changes made in a request handler are published as
 * part of the request, so that its reply contains their positions. A channel that the contract of the
 * server does not list is left out.
 *
 * @returns a function that stops the broadcast
 */
export function broadcastEntities(bus: EventBus<EntityEvents>, server: EventPublisher): () => void {
  const broadcast = (type: keyof EntityEvents, own: boolean): (() => void) =>
    bus.subscribe(type, (change) => {
      const { entityName, id } = change
      const channels = [entityChannel(entityName)]
      if (own) channels.push(entityChannel(entityName, id))
      const listed = channels.filter((channel) => server.lists?.(channel) ?? true)
      return Promise.all(listed.map((channel) => server.publish(channel, type, change)))
    })
  const ends = [
    broadcast('entity:created', false),
    broadcast('entity:updated', true),
    broadcast('entity:deleted', true),
  ]
  return () => {
    for (const end of ends) end()
  }
}
