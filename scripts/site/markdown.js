/** Sets up the parser of Markdown, as the option `markdownItLoader` of TypeDoc. */
export function setUpMarkdown(parser) {
  // A name such as Socket.IO is no link; an address that is written in full is one.
  parser.linkify.set({ fuzzyLink: false, fuzzyEmail: false })
  parser.core.ruler.push('code in headings', nameHeadingsWithCode)
}

/**
 * Gives the code in a heading its text: TypeDoc makes the anchor of a heading, and its line in the table of
 * contents, of texts alone.
 */
function nameHeadingsWithCode({ tokens, Token }) {
  for (const [index, { type }] of tokens.entries()) {
    if (type !== 'heading_open') continue
    for (const token of tokens[index + 1].children) {
      if (token.type !== 'code_inline') continue
      token.children = [Object.assign(new Token('text', '', 0), { content: token.content })]
    }
  }
}
