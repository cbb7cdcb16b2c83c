export { entity } from '../../dialects/entity.ts'
