import { chromiumDriver } from '../../browser/driver/chromium.ts'
import { accessibilityStories } from '../../browser/stories/accessibility-stories.ts'
import { longDemoStories } from '../../browser/stories/demo-stories.ts'
import { longDocumentStories } from '../../browser/stories/document-stories.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { longTaskBoardStories } from '../../browser/stories/task-board-stories.ts'

// `test/browser` runs the other stories of these pages.
await runStories(
  chromiumDriver,
  longDemoStories,
  longDocumentStories,
  longTaskBoardStories,
  accessibilityStories,
)
