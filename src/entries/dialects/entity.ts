/**
 * The protocol of a backend that sends changes of entities, with presence.
 *
 * @module wirefold/dialects/entity
 */

export { entity } from '../../dialects/entity/dialect.ts'
