import type { Logger } from 'vite'
import { build } from 'vite'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { Packed } from './packed.ts'
import { entries, packed } from './packed.ts'

describe('an application built by Vite', () => {
  let app: Packed

  beforeAll(() => {
    app = packed(['react', 'react-dom', 'vue'])
    const used = entries.filter((entry) => !/server|vite/.test(entry))
    const imports = used.map((entry, index) => `import * as entry${index} from '${entry}'`)
    const shown = used.map((_, index) => `entry${index}`)
    app.write('main.js', `${imports.join('\n')}\nconsole.log(${shown.join(', ')})\n`)
    app.write('index.html', '<script type="module" src="/main.js"></script>')
  }, 600_000)

  afterAll(() => app?.remove())

  it('has no warning for any browser entry', async () => {
    const warnings: string[] = []
    const warn = (message: string): void => void warnings.push(message)
    const customLogger: Logger = {
      ...{ hasWarned: false, hasErrorLogged: () => false },
      ...{ info() {}, clearScreen() {}, error: warn, warn, warnOnce: warn },
    }
    await build({ root: app.folder, configFile: false, customLogger })
    expect(warnings).toEqual([])
  })
})
