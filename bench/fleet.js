/* Child processes of a benchmark, which end with their parent. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const children = new Set()

/** Starts a file of this folder as a child process. */
export function start(file, args, execArgv = []) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), { execArgv })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Ends all child processes. */
export function stop() {
  for (const child of children) child.kill('SIGKILL')
}

/** Ends this process if a run takes too long. */
export function stopAfter(ms) {
  setTimeout(() => {
    print(`Not done within ${ms / 1_000} s: stopped.`)
    process.exit(1)
  }, ms).unref()
}

/** Resolves with the next message of a child that has the given field. */
export function receive(child, name) {
  return new Promise((resolve, reject) => {
    const exited = () => reject(new Error('A process of the run ended too early.'))
    const listen = (message) => {
      if (message[name] === undefined) return
      child.off('message', listen)
      child.off('exit', exited)
      resolve(message[name])
    }
    child.on('message', listen)
    child.once('exit', exited)
  })
}

/** Prints a line. */
export function print(line) {
  process.stdout.write(`${line}\n`)
}

process.on('exit', stop)
