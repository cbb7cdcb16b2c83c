import type { EventBus } from './event-bus.ts'

/** One entity was created, updated or deleted. */
export interface EntityChange<Entity = unknown> {
  readonly id: string | number
  /** Its kind, for example `Task`: the channel is `entity:Task`. */
  readonly entityName: string
  /** The entity as it is now; `null` where it is deleted. */
  readonly data: Entity | null
  /** Who did it, where that is known. */
  readonly userId: string | undefined
}

/** What happens to entities, by the type that clients see. */
export interface EntityEvents {
  'entity:created': EntityChange
  'entity:updated': EntityChange
  'entity:deleted': EntityChange
}

/** Adds events to channels, as a server does. */
export interface EventPublisher {
  publish(channel: string, type: string, payload?: unknown): Promise<unknown>
}

/** The channel of all entities of a kind, or of a single one. */
export function entityChannel(entityName: string, id?: string | number): string {
  return id === undefined ? `entity:${entityName}` : `entity:${entityName}:${id}`
}

/**
 * Broadcasts what happens to entities: what is created goes to the channel of its kind, what is
 * updated or deleted also to its own. What a request handler brings about is published as its own, so
 * that the reply tells where it stands.
 *
 * @returns ends it
 */
export function broadcastEntities(bus: EventBus<EntityEvents>, server: EventPublisher): () => void {
  const follow = (type: keyof EntityEvents, own: boolean): (() => void) =>
    bus.subscribe(type, (change) => {
      const { entityName, id } = change
      const channels = [entityChannel(entityName)]
      if (own) channels.push(entityChannel(entityName, id))
      return Promise.all(channels.map((channel) => server.publish(channel, type, change)))
    })
  const ends = [
    follow('entity:created', false),
    follow('entity:updated', true),
    follow('entity:deleted', true),
  ]
  return () => {
    for (const end of ends) end()
  }
}
