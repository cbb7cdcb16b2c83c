import { WirefoldError } from '../../../base/errors.ts'

/** Oldest usable version of Redis. */
const OLDEST = '6.2'

/**
 * Checks the reply to `INFO`.
 *
 * Throws `bad-dependency` if the server is older than Redis 6.2, a node of Redis Cluster, or a
 * replica.
 *
 * @returns a warning if the server may evict keys, since requests would then run twice
 */
export function checkServer(info: string): string | undefined {
  const read = (field: string): string =>
    new RegExp(`^${field}:(.*?)\\r?$`, 'm').exec(info)?.[1] ?? ''
  const version = read('redis_version')
  const [major = 0, minor = 0] = version.split('.').map(Number)
  if (version && (major < 6 || (major === 6 && minor < 2))) {
    throw refuse(`Redis ${version} is too old. Use Redis ${OLDEST} or newer.`)
  }
  if (read('redis_mode') === 'cluster') {
    throw refuse('The server is a node of Redis Cluster. Use a single Redis, or Redis Sentinel.')
  }
  if (read('role') === 'slave') {
    throw refuse('The server is a replica and takes no writes. Connect to its master.')
  }
  const policy = read('maxmemory_policy') || 'noeviction'
  if (policy === 'noeviction' || read('maxmemory') === '0') return undefined
  return `Redis may evict keys (${policy}). Set maxmemory-policy to noeviction.`
}

function refuse(message: string): WirefoldError {
  const needs = `${OLDEST} or newer, a master, no cluster`
  return new WirefoldError('bad-dependency', message, { name: 'Redis', needs })
}
