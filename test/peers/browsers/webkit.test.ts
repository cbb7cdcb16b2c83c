import { webkitDriver } from '../../browser/driver/webkit.ts'
import { demoStories } from '../../browser/stories/demo-stories.ts'
import { hooksStories } from '../../browser/stories/hooks-stories.ts'
import { outboxStories } from '../../browser/stories/outbox-stories.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { sseStories } from '../../browser/stories/sse-stories.ts'
import { taskBoardStories } from '../../browser/stories/task-board-stories.ts'
import { transportStories } from '../../browser/stories/transport-stories.ts'

await runStories(
  webkitDriver,
  demoStories,
  taskBoardStories,
  outboxStories,
  transportStories,
  sseStories,
  hooksStories,
)
