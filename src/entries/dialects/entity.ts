export { entity } from '../../dialects/entity/dialect.ts'
