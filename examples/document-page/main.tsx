import { StrictMode, useEffect, useRef } from 'react'
import { createRoot } from 'react-dom/client'
import { mount, unmount } from 'svelte'
import { followOverview } from './model/overview.ts'
import { ada, grace } from './model/people.ts'
import { RealtimeProvider } from './model/realtime-react.ts'
import { warnOfUnsaved } from './model/unsaved.ts'
import { AdaDocument } from './views/ada-document.tsx'
import { Code } from './views/code.tsx'
import { NetworkPanel } from './views/network-panel.tsx'
import { Panel } from './views/panel.tsx'
import Provided from './views/provided.svelte'
import { TimelinePlot } from './views/timeline-plot.tsx'

// The model: counts and measures from now on.
ada.start()
grace.start()
followOverview([ada, grace])
warnOfUnsaved([ada, grace])

// The views: read stores, and call the model.
const host = document.getElementById('page')
if (!host) throw new Error('index.html has no #page.')
createRoot(host).render(
  <StrictMode>
    <Panel person={ada}>
      <RealtimeProvider {...ada}>
        <AdaDocument load={ada.load} />
      </RealtimeProvider>
    </Panel>
    <NetworkPanel people={[ada, grace]} />
    <Panel person={grace}>
      <GraceInSvelte />
    </Panel>
    <Code name="React" who="ada" />
    <Code name="Svelte" who="grace" />
    <TimelinePlot person={ada} />
    <TimelinePlot person={grace} />
  </StrictMode>,
)

/** Mounts the document that Svelte draws. */
function GraceInSvelte() {
  const place = useRef<HTMLDivElement>(null)
  useEffect(() => {
    if (!place.current) return
    const mounted = mount(Provided, { target: place.current, props: { person: grace } })
    return () => void unmount(mounted)
  }, [])
  return <div ref={place} />
}
