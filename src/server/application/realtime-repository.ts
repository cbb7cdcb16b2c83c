import type { EntityEvents } from './entity-events.ts'
import type { EventBus } from './event-bus.ts'

/** Where entities of one kind are kept; whatever else it can do is left as it is. */
export interface Repository<Entity, Id extends string | number = string | number> {
  create(...args: never): Entity | Promise<Entity>
  /** Resolves with nothing where there is no such entity. */
  update(id: Id, ...args: never): Entity | null | undefined | Promise<Entity | null | undefined>
  /** Resolves with `false` where there is no such entity. */
  delete(id: Id, ...args: never): boolean | Promise<boolean>
}

/** How a {@link realtimeRepository} is made. */
export interface RealtimeRepositoryOptions<Entity> {
  /** The kind of the entities, for example `Task`. */
  readonly entityName: string
  /**
   * The id of an entity.
   * @default its `id`
   */
  readonly idOf?: ((entity: Entity) => string | number) | undefined
  /**
   * Who acts at this moment; in a request handler, `() => server.asker?.id`.
   * @default nobody in particular
   */
  readonly userId?: (() => string | undefined) | undefined
}

/**
 * A repository that tells a bus what it did: `entity:created`, `entity:updated` and `entity:deleted`,
 * each after it happened, and nothing where it failed or there was nothing to change.
 *
 * Its methods settle after the bus's subscribers, so that whoever answers a request with their result
 * has published before.
 *
 * @example
 * const tasks = realtimeRepository(sqlTasks, bus, { entityName: 'Task' })
 * broadcastEntities(bus, server)
 */
export function realtimeRepository<Entity extends object, Kept extends Repository<Entity>>(
  repository: Kept & Repository<Entity>,
  bus: EventBus<EntityEvents>,
  options: RealtimeRepositoryOptions<Entity>,
): Kept {
  const { entityName, userId, idOf = ownId } = options
  const tell = async (
    type: keyof EntityEvents,
    id: () => string | number,
    data: Entity | null,
  ): Promise<void> => {
    try {
      await bus.publish(type, { id: id(), entityName, data, userId: userId?.() })
    } catch (error) {
      // It happened: that it could not be told is no failure of it.
      bus.report(error)
    }
  }
  const told = {
    async create(...args: never): Promise<Entity> {
      const created = await repository.create(...args)
      await tell('entity:created', () => idOf(created), created)
      return created
    },
    async update(id: string | number, ...args: never): Promise<Entity | null | undefined> {
      const updated = await repository.update(id, ...args)
      if (updated) await tell('entity:updated', () => id, updated)
      return updated
    },
    async delete(id: string | number, ...args: never): Promise<boolean> {
      const deleted = await repository.delete(id, ...args)
      if (deleted) await tell('entity:deleted', () => id, null)
      return deleted
    },
  }
  return new Proxy(repository, {
    get(target, name) {
      if (Object.hasOwn(told, name)) return Reflect.get(told, name)
      const value: unknown = Reflect.get(target, name)
      // Bound to the repository itself, whose private fields a proxy does not have.
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function ownId(entity: object): string | number {
  const id = 'id' in entity ? entity.id : undefined
  if (typeof id === 'string' || typeof id === 'number') return id
  throw new TypeError('An entity has no id: name the field that has it with `idOf`.')
}
