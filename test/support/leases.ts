/** Shortens every lease of a prefix by `ms`, since the time of Redis cannot be changed. */
export async function passLeases(
  command: (...args: readonly string[]) => Promise<unknown>,
  prefix: string,
  ms: number,
): Promise<void> {
  const move = `
    for _, key in ipairs(redis.call('KEYS', ARGV[1])) do
      for _, member in ipairs(redis.call('ZRANGE', key, 0, -1)) do
        redis.call('ZINCRBY', key, '-' .. ARGV[2], member)
      end
    end`
  await command('EVAL', move, '0', `${prefix}:leases:*`, `${ms}`)
}
