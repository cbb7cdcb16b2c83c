import { DocumentReflection, Slugger } from 'typedoc'
import { leadOf, sectionsOf } from './page-text.js'

/**
 * Returns the sections of the pages, as documents for the search, each with the address of its heading. The
 * search of TypeDoc finds what has an address, and of itself it has pages and symbols.
 */
export function sectionsWithAddress(pages) {
  return pages.flatMap(({ kind, model, url }) => {
    const content = kind === 'index' ? model.readme : model.isDocument() ? model.content : []
    // TypeDoc makes the anchors of a page in the same way, in the same order.
    const slugger = new Slugger({ lowercase: true })
    return sectionsOf(textOf(content)).map(({ heading, text }) => [
      new DocumentReflection(heading, model, [{ kind: 'text', text }], model.frontmatter ?? {}),
      `${url}#${slugger.slug(heading)}`,
    ])
  })
}

/** Leaves a page the words before its first section: what a section says is found there, not twice. */
export function leaveSectionsTheirWords({ searchResults, searchFields }) {
  for (const [index, result] of searchResults.entries()) {
    if (result.isDocument() && result.parent.isProject())
      searchFields[index].document = leadOf(textOf(result.content))
  }
}

const textOf = (content) => content.map(({ text }) => text).join('')
