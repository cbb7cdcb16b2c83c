/* Processes that are measured, and end with the one that started them. */
import { fork } from 'node:child_process'
import { fileURLToPath } from 'node:url'

const children = new Set()

/** Starts a file of this folder. */
export function start(file, args, execArgv = []) {
  const child = fork(fileURLToPath(new URL(file, import.meta.url)), args.map(String), { execArgv })
  children.add(child)
  child.once('exit', () => children.delete(child))
  return child
}

/** Ends everything that was started. */
export function stop() {
  for (const child of children) child.kill('SIGKILL')
}

/** Ends this process where a run takes longer than it ever should. */
export function stopAfter(ms) {
  setTimeout(() => {
    say(`Not done within ${ms / 1_000} s: stopped.`)
    process.exit(1)
  }, ms).unref()
}

/** What a child tells next under a name. */
export function hear(child, name) {
  return new Promise((resolve, reject) => {
    const gone = () => reject(new Error('A process of the run ended too early.'))
    const listen = (message) => {
      if (message[name] === undefined) return
      child.off('message', listen)
      child.off('exit', gone)
      resolve(message[name])
    }
    child.on('message', listen)
    child.once('exit', gone)
  })
}

/** Prints a line. */
export function say(line) {
  process.stdout.write(`${line}\n`)
}

process.on('exit', stop)
