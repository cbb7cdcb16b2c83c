/* Runs in a page of the site: draws its diagrams in the colors of the page. Without scripts their text stays. */

const root = document.documentElement
const systemIsDark = matchMedia('(prefers-color-scheme: dark)')

// Mermaid would draw by itself when the page is loaded.
mermaid.startOnLoad = false

const diagrams = [...document.querySelectorAll('code.mermaid')].map((code) => {
  const figure = document.createElement('div')
  figure.className = 'diagram'
  // It scrolls by itself, also by keyboard.
  figure.tabIndex = 0
  figure.role = 'group'
  figure.ariaLabel = 'Diagram'
  return { figure, code, text: code.textContent }
})

// The page is shown when its navigation is ready; until then nothing in it has a size.
const shown = new Promise((resolve) => {
  new ResizeObserver(([{ contentRect }], observer) => {
    if (contentRect.width === 0) return
    observer.disconnect()
    resolve()
  }).observe(document.body)
})

async function draw() {
  const { theme } = root.dataset
  const isDark = theme === 'dark' || (theme !== 'light' && systemIsDark.matches)
  mermaid.initialize({
    theme: isDark ? 'dark' : 'neutral',
    // The theme's own gray behind the texts of arrows has too little contrast.
    themeVariables: {
      fontSize: '13px',
      edgeLabelBackground: getComputedStyle(root).getPropertyValue('--color-background'),
    },
    state: { useMaxWidth: false },
  })
  for (const [index, { figure, code, text }] of diagrams.entries()) {
    const isFirst = !figure.isConnected
    if (isFirst) code.closest('pre').before(figure)
    const { svg } = await mermaid.render(`diagram-${index}`, text, figure)
    figure.innerHTML = svg
    if (!isFirst) continue
    code.closest('pre').remove()
    figure.scrollLeft = (figure.scrollWidth - figure.clientWidth) / 2
  }
}

// One drawing at a time, each with the colors of its beginning.
let drawn = shown.then(draw)
const redraw = () => {
  drawn = drawn.then(draw)
}
new MutationObserver(redraw).observe(root, { attributeFilter: ['data-theme'] })
systemIsDark.addEventListener('change', redraw)
