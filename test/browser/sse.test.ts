import { chromiumDriver } from './driver/chromium.ts'
import { runStories } from './stories/run-stories.ts'
import { sseStories } from './stories/sse-stories.ts'

await runStories(chromiumDriver, sseStories)
