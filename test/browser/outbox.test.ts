import { chromiumDriver } from './driver/chromium.ts'
import { outboxStories } from './stories/outbox-stories.ts'
import { runStories } from './stories/run-stories.ts'

await runStories(chromiumDriver, outboxStories)
