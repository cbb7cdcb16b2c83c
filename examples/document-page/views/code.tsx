/// <reference types="vite/client" />
import adaSource from './ada-document.tsx?raw'
import graceSource from './grace-document.svelte?raw'

/** The lines that draw the panels, from the files that the page runs. */
export const LINES = {
  ada: { file: 'ada-document.tsx', lines: after(adaSource, '\nexport ') },
  grace: {
    file: 'grace-document.svelte',
    lines: after(graceSource, '\nconst { rows').replace('</script>\n', ''),
  },
} as const

const TOKENS =
  /(?<text>'[^']*'|"[^"]*")|(?<word>\b(?:export|function|const|return)\b|[#/]each\b)|(?<tag>&lt;\/?\w+|<\/?\w+)/g

/** Shows lines of code. */
export function Code({ name, who }: { name: string; who: keyof typeof LINES }) {
  const { file, lines } = LINES[who]
  return (
    <article className="card code">
      <h3>
        {name} draws {who === 'ada' ? 'Ada' : 'Grace'}’s panel: <code>{file}</code>
      </h3>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: it scrolls, also by keyboard */}
      <section tabIndex={0} aria-label={`Lines of ${file}`}>
        <pre>
          <code>{tokens(lines)}</code>
        </pre>
      </section>
    </article>
  )
}

/** Returns the part of a file behind the first occurrence of a text, that included. */
function after(source: string, begin: string): string {
  return source.slice(source.indexOf(begin)).trim()
}

function tokens(code: string) {
  const parts = []
  let end = 0
  for (const { 0: text, index, groups } of code.matchAll(TOKENS)) {
    const [kind] = Object.entries(groups ?? {}).find(([, found]) => found) ?? []
    parts.push(
      code.slice(end, index),
      <span key={index} data-token={kind}>
        {text}
      </span>,
    )
    end = index + text.length
  }
  return [...parts, code.slice(end)]
}
