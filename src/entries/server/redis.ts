/**
 * The broker for several servers on one Redis.
 *
 * @module wirefold/server/redis
 */

export type { RedisBrokerOptions, RedisStrategy } from '../../server/redis/batches/options.ts'
export { redisDefaults } from '../../server/redis/batches/options.ts'
export type { IoredisClient } from '../../server/redis/connection/ioredis.ts'
export { ioredisClient } from '../../server/redis/connection/ioredis.ts'
export type { NodeRedisClient } from '../../server/redis/connection/node-redis.ts'
export { redisClient } from '../../server/redis/connection/node-redis.ts'
export type {
  RedisConnection,
  RedisConnector,
} from '../../server/redis/connection/redis-connection.ts'
export type { RedisBroker } from '../../server/redis/redis-broker.ts'
export { createRedisBroker } from '../../server/redis/redis-broker.ts'
