import { chromiumDriver } from './driver/chromium.ts'
import { demoStories } from './stories/demo-stories.ts'
import { runStories } from './stories/run-stories.ts'

await runStories(chromiumDriver, demoStories)
