import { type ChildProcess, execFileSync, spawn } from 'node:child_process'
import { once } from 'node:events'
import {
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { onTestFinished } from 'vitest'
import { until } from '../../support/live.ts'

/** A program that runs until it ends, or until the end of the test. */
export interface Running {
  readonly process: ChildProcess
  /** Everything that it printed. */
  printed(): string
  /** Waits until it has printed a text, and returns the first group of the pattern. */
  prints(pattern: RegExp): Promise<string>
  /** Its exit code, once it has ended. */
  readonly ended: Promise<unknown>
}

/** The project's examples as in a fresh clone, after `npm ci && npm run build`. */
export interface FreshCopy {
  /** Runs the only command, or that of the given number, in the README of an example. */
  run(example: string, env?: Readonly<Record<string, string>>, number?: number): Running
  remove(): void
}

/**
 * Copies the examples and the build; the packages are links to those of this repository.
 *
 * @param extra folders `node_modules` with more packages
 */
export function freshCopy(...extra: readonly string[]): FreshCopy {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'wirefold-examples-')))
  const listed = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', 'examples']
  const files = execFileSync('git', listed, { encoding: 'utf8' }).split('\0')
  for (const file of files.filter((name) => name && existsSync(name)))
    cpSync(file, join(folder, file))
  for (const file of ['package.json', 'dist']) cpSync(file, join(folder, file), { recursive: true })
  const modules = join(folder, 'node_modules')
  mkdirSync(modules)
  for (const from of ['node_modules', ...extra]) {
    for (const name of readdirSync(from)) {
      if (name === '.vite' || existsSync(join(modules, name))) continue
      symlinkSync(realpathSync(join(from, name)), join(modules, name), 'junction')
    }
  }
  return {
    run(example, env = {}, number = 1) {
      const commands = commandsOf(example)
      const command = commands[number - 1]
      if (!command) throw new Error(`${example} has ${commands.length} commands.`)
      const child = spawn(command, {
        ...{ cwd: folder, shell: true, detached: true, stdio: 'pipe' },
        env: { ...process.env, NODE_ENV: undefined, NO_COLOR: '1', ...env },
      })
      const ended = once(child, 'exit').then(([code]) => code)
      let printed = ''
      for (const stream of [child.stdout, child.stderr])
        stream?.on('data', (chunk) => (printed += chunk))
      onTestFinished(async () => {
        // The shell and what it runs are one process group.
        if (child.pid && child.exitCode === null) process.kill(-child.pid, 'SIGTERM')
        await ended
      })
      return {
        process: child,
        ended,
        printed: () => printed,
        async prints(pattern) {
          let found: RegExpExecArray | null = null
          await until(() => {
            found = pattern.exec(printed)
            if (!found) throw new Error(`${command} printed no ${pattern}:\n${printed}`)
          })
          return found?.[1] ?? ''
        },
      }
    },
    remove: () => rmSync(folder, { recursive: true, force: true }),
  }
}

/** Returns the commands in the README of an example, without those that install packages. */
function commandsOf(example: string): readonly string[] {
  const text = readFileSync(`examples/${example}/README.md`, 'utf8')
  return [...text.matchAll(/```sh\n(.*?)```/gs)]
    .map(([, command = '']) => command.trim())
    .filter((command) => !command.startsWith('npm install'))
}
