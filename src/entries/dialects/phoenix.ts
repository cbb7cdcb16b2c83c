/**
 * The protocol of Phoenix Channels, and of Supabase Realtime.
 *
 * @module wirefold/dialects/phoenix
 */

export { withBinary } from '../../dialects/phoenix/binary.ts'
export type { PhoenixOptions } from '../../dialects/phoenix/dialect.ts'
export { phoenix } from '../../dialects/phoenix/dialect.ts'
export type { SupabaseChannel, SupabaseOptions } from '../../dialects/phoenix/supabase.ts'
export { supabase } from '../../dialects/phoenix/supabase.ts'
export type { RowChange } from '../../dialects/phoenix/supabase-changes.ts'
