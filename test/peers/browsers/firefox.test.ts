import { firefoxDriver } from '../../browser/driver/firefox.ts'
import { demoStories, longDemoStories } from '../../browser/stories/demo-stories.ts'
import { hooksStories } from '../../browser/stories/hooks-stories.ts'
import { outboxStories } from '../../browser/stories/outbox-stories.ts'
import { runStories } from '../../browser/stories/run-stories.ts'
import { sseStories } from '../../browser/stories/sse-stories.ts'
import { longTaskBoardStories, taskBoardStories } from '../../browser/stories/task-board-stories.ts'
import { transportStories } from '../../browser/stories/transport-stories.ts'

await runStories(
  firefoxDriver,
  demoStories,
  longDemoStories,
  taskBoardStories,
  longTaskBoardStories,
  outboxStories,
  transportStories,
  sseStories,
  hooksStories,
)
