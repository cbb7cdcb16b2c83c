import { chromiumDriver } from './driver/chromium.ts'
import { runStories } from './stories/run-stories.ts'
import { transportStories } from './stories/transport-stories.ts'

await runStories(chromiumDriver, transportStories)
