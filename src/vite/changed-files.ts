import type { ModuleNode } from './vite-types.ts'

/** Returns the files of modules, and of all modules that import them, in any depth. */
export function changedFiles(modules: Iterable<ModuleNode>): ReadonlySet<string> {
  const nodes = new Set(modules)
  // The set grows while it is iterated.
  for (const { importers } of nodes) for (const importer of importers) nodes.add(importer)
  return new Set(Array.from(nodes, ({ file }) => file ?? ''))
}
