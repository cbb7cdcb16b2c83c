import { chromiumDriver } from './driver/chromium.ts'
import { documentStories } from './stories/document-stories.ts'
import { runStories } from './stories/run-stories.ts'

await runStories(chromiumDriver, documentStories)
