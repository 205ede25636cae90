import { Socket } from 'node:net'

/** What postgres.js tells of where it wants to connect: hosts to try in turn, or a Unix socket. */
interface Target {
  host: string[]
  port: number[]
  path?: string | false
}

/**
 * Makes a socket send what is written to it within one turn of the event loop in one go: the statements of a transaction are
 * written one by one, and every write costs two wake-ups. It never tells of a full buffer, because postgres.js 3.4.9 then forgets
 * which connection a `begin` ran on; statements are small, and a connection has few of them under way.
 */
function gathering(socket: Socket): Socket {
  const write = socket.write.bind(socket) as (...args: unknown[]) => boolean
  let isGathering = false
  socket.write = (...args: unknown[]) => {
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
  }
  return socket
}

/** For `postgres({ socket })`: opens connections to the hosts of a database in turn. */
export function socketsTo(): (target: Target) => Socket {
  let next = 0
  return ({ host, port, path }) => {
    const at = next++ % host.length
    const socket = new Socket()
    if (path) socket.connect(path)
    else socket.connect(port[at]!, host[at]!)
    // After `connect`, which gives a socket its `write` back.
    // By this host postgres.js checks the server's certificate.
    return Object.assign(gathering(socket), { host: host[at], port: port[at] })
  }
}
