import { chromiumDriver } from './driver/chromium.ts'
import { runStories } from './stories/run-stories.ts'
import { taskBoardStories } from './stories/task-board-stories.ts'

await runStories(chromiumDriver, taskBoardStories)
