import { chromiumDriver } from './driver/chromium.ts'
import { hooksStories } from './stories/hooks-stories.ts'
import { runStories } from './stories/run-stories.ts'

await runStories(chromiumDriver, hooksStories)
