/** Returns the value of JSON text; any other text or value as it is. */
export function dataOf(data: unknown): unknown {
  try {
    return typeof data === 'string' ? JSON.parse(data) : data
  } catch {
    return data
  }
}
