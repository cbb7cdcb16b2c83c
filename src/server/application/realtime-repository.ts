import { badOption } from '../../base/errors.ts'
import { checkNames } from '../../base/known-names.ts'
import type { EntityEvents } from './entity-events.ts'
import type { EventBus } from './event-bus.ts'

/**
 * Wraps a repository so that it publishes its changes on a bus: `entity:created`, `entity:updated`
 * and `entity:deleted`, each after the call succeeded and only if it changed an entity.
 *
 * The methods settle after the bus's subscribers, so that a request handler that replies with their
 * result has published before.
 *
 * @example
 * import { broadcastEntities, type EntityEvents, EventBus, realtimeRepository } from 'wirefold/server'
 *
 * const bus = new EventBus<EntityEvents>()
 * const tasks = realtimeRepository(sqlTasks, bus, { entityName: 'Task' })
 * broadcastEntities(bus, server)
 */
export function realtimeRepository<Entity extends object, Kept extends Repository<Entity>>(
  repository: Kept & Repository<Entity>,
  bus: EventBus<EntityEvents>,
  options: RealtimeRepositoryOptions<Entity>,
): Kept {
  const { entityName, userId, idOf = ownId } = options
  checkNames('realtimeRepository()', options, { entityName, userId, idOf })
  const publish = async (
    type: keyof EntityEvents,
    id: () => string | number,
    data: Entity | null,
  ): Promise<void> => {
    try {
      await bus.publish(type, { id: id(), entityName, data, userId: userId?.() })
    } catch (error) {
      // The change is made, so an error of `idOf` or `userId` must not make the call fail.
      bus.report(error)
    }
  }
  const methods = {
    async create(...args: never): Promise<Entity> {
      const created = await repository.create(...args)
      await publish('entity:created', () => idOf(created), created)
      return created
    },
    async update(id: string | number, ...args: never): Promise<Entity | null | undefined> {
      const updated = await repository.update(id, ...args)
      if (updated) await publish('entity:updated', () => id, updated)
      return updated
    },
    async delete(id: string | number, ...args: never): Promise<boolean> {
      const deleted = await repository.delete(id, ...args)
      if (deleted) await publish('entity:deleted', () => id, null)
      return deleted
    },
  }
  return new Proxy(repository, {
    get(target, name) {
      if (Object.hasOwn(methods, name)) return Reflect.get(methods, name)
      const value: unknown = Reflect.get(target, name)
      // Private fields cannot be read through a proxy, so methods run on the repository itself.
      return typeof value === 'function' ? value.bind(target) : value
    },
  })
}

function ownId(entity: object): string | number {
  const id = 'id' in entity ? entity.id : undefined
  if (typeof id === 'string' || typeof id === 'number') return id
  throw badOption('idOf', 'An entity has no `id` of type string or number. Set the option `idOf`.')
}

/** A repository of entities of one kind; it may have more members than these. */
export interface Repository<Entity, Id extends string | number = string | number> {
  /** Creates an entity, and returns it. */
  create(...args: never): Entity | Promise<Entity>
  /** Resolves with `null` or `undefined` if there is no such entity. */
  update(id: Id, ...args: never): Entity | null | undefined | Promise<Entity | null | undefined>
  /** Resolves with `false` if there is no such entity. */
  delete(id: Id, ...args: never): boolean | Promise<boolean>
}

/** Options of a {@link realtimeRepository}. */
export interface RealtimeRepositoryOptions<Entity> {
  /** The kind of the entities, for example `Task`. */
  readonly entityName: string
  /**
   * Returns the id of an entity.
   * @default its `id`
   */
  readonly idOf?: ((entity: Entity) => string | number) | undefined
  /**
   * Returns the id of the current user; in a request handler, use `() => server.currentUser?.id`.
   * @default no user
   */
  readonly userId?: (() => string | undefined) | undefined
}
