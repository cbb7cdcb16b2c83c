import { entriesOf } from './scripts/site/entries.js'
import { setUpMarkdown } from './scripts/site/markdown.js'
import { pagesOf, site } from './scripts/site/pages.js'

const groups = site.groups.map(({ name }) => name)

/** The site: the documents as pages, and the reference of every entry of the package. */
const config = {
  name: 'wirefold',
  plugin: ['./scripts/site/plugin.js'],
  out: 'site',
  router: 'site',
  theme: 'site',
  readme: 'README.md',
  headings: { readme: false, document: true },
  projectDocuments: pagesOf().map(({ path }) => path),
  entryPoints: entriesOf(),
  tsconfig: 'scripts/site/tsconfig.json',
  displayBasePath: '.',
  // `npm run typecheck` has done it, with the compiler that is six times as fast.
  skipErrorChecking: true,
  // The address of the repository is not known here: the plugin removes the links to the sources.
  disableGit: true,
  sourceLinkTemplate: '{path}',
  excludeExternals: true,
  excludeInternal: true,
  treatWarningsAsErrors: true,
  validation: { notExported: true, invalidLink: true, notDocumented: true },
  // The plugin checks functions and members.
  requiredToBeDocumented: ['Module', 'Namespace', 'Variable', 'Class', 'Interface', 'TypeAlias'],
  sortEntryPoints: false,
  groupOrder: [
    ...[...groups, 'API', 'Classes', 'Interfaces', 'Functions', 'Type Aliases', 'Variables'],
    ...['Constructors', 'Properties', 'Accessors', 'Methods', '*'],
  ],
  categorizeByGroup: false,
  categoryOrder: [...site.nouns.map(({ name }) => name), '*'],
  navigation: { includeGroups: true, includeCategories: true, includeFolders: false },
  // Pages and their sections come first, then exported symbols; members often have the name of a page's subject.
  searchGroupBoosts: {
    ...{ Start: 10, Guides: 10, Backends: 10, Reference: 3, About: 1 },
    ...{ Classes: 2, Constructors: 0.05, Properties: 0.05, Accessors: 0.05, Methods: 0.05 },
  },
  searchInComments: true,
  searchInDocuments: true,
  highlightLanguages: [
    ...['ts', 'tsx', 'js', 'jsx', 'json', 'jsonc', 'html', 'css', 'vue', 'svelte', 'sh', 'console'],
    ...['python', 'ruby', 'elixir', 'php', 'graphql', 'http', 'yaml', 'toml', 'ini', 'sql', 'diff'],
    ...['nginx', 'docker', 'dockerfile'],
  ],
  ignoredHighlightLanguages: ['haproxy', 'text', 'txt', 'mermaid'],
  markdownItLoader: setUpMarkdown,
  favicon: 'scripts/site/favicon.svg',
  customCss: 'scripts/site/site.css',
  hideGenerator: true,
}

export default config
