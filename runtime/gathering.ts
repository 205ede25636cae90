import type { Duplex } from 'node:stream'

/**
 * Makes a socket send what is written to it within one turn of the event loop in one go: every write of its own costs a system call
 * and a wake-up at the other end. `write` never tells of a full buffer; who writes much looks at `writableLength`.
 */
export function gathering<S extends Duplex>(socket: S): S {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  let isGathering = false
  socket.write = ((...args: unknown[]) => {
    if (!isGathering) {
      isGathering = true
      socket.cork()
      // After all that is ready to run now, and may write too.
      process.nextTick(() => {
        isGathering = false
        socket.uncork()
      })
    }
    write(...args)
    return true
  }) as S['write']
  return socket
}
