import { fork } from 'node:child_process'
import { once } from 'node:events'

/** A process of the bench, asked over its own channel. */
export interface Child {
  pid: number
  ask<T>(command: string, data?: unknown): Promise<T>
  stop(): Promise<void>
}

type Commands = Record<string, (data: never) => unknown>

interface Asked {
  id: number
  command: string
  data: unknown
}

interface Answered {
  id: number
  value?: unknown
  error?: string
}

/** Starts `test/bench/<name>.ts` in a process of its own. */
export function startChild(name: string): Child {
  const child = fork(new URL(`./${name}.ts`, import.meta.url), { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
  const waiting = new Map<number, (answer: Answered) => void>()
  let asked = 0
  const exited = once(child, 'exit').then(() => {
    for (const answer of waiting.values()) answer({ id: 0, error: `the process ${name} ended` })
  })
  child.on('message', (answer: Answered) => {
    waiting.get(answer.id)?.(answer)
    waiting.delete(answer.id)
  })
  return {
    pid: child.pid!,
    ask(command, data) {
      const id = ++asked
      return new Promise((resolve, reject) => {
        waiting.set(id, ({ value, error }) =>
          error === undefined ? resolve(value as never) : reject(new Error(error)),
        )
        child.send({ id, command, data } satisfies Asked)
      })
    },
    async stop() {
      if (child.connected) child.disconnect()
      await exited
    },
  }
}

/** The other end: answers commands until the bench lets go of this process, then calls `close`. */
export function answerCommands(commands: Commands, close: () => Promise<unknown>): void {
  process.on('message', ({ id, command, data }: Asked) => {
    Promise.resolve()
      .then(() => commands[command]!(data as never))
      .then(
        (value) => process.send?.({ id, value } satisfies Answered),
        (error: Error) => process.send?.({ id, error: `${command}: ${error.stack}` } satisfies Answered),
      )
  })
  process.on('disconnect', () => void close().finally(() => process.exit()))
  // Ctrl-C reaches the whole group; the bench itself takes its processes down in order.
  process.on('SIGINT', () => {})
}
