import { Socket } from 'node:net'

/** What postgres.js tells of where it wants to connect: hosts to try in turn, or a Unix socket. */
interface Target {
  host: string[]
  port: number[]
  path?: string | false
}

/**
 * A socket that sends what is written to it within one turn of the event loop in one go: the statements of a transaction are
 * written one by one, and every write costs two wake-ups. It never tells of a full buffer, because postgres.js 3.4.9 then forgets
 * which connection a `begin` ran on; statements are small, and a connection has few of them under way.
 */
class GatheringSocket extends Socket {
  #gathering = false

  override write(bytes: Uint8Array | string, ...rest: never[]): boolean {
    if (!this.#gathering) {
      this.#gathering = true
      this.cork()
      // After all that is ready to run now, and may write too.
      process.nextTick(() => {
        this.#gathering = false
        this.uncork()
      })
    }
    super.write(bytes, ...rest)
    return true
  }
}

/** For `postgres({ socket })`: opens connections to the hosts of a database in turn. */
export function socketsTo(): (target: Target) => Socket {
  let next = 0
  return ({ host, port, path }) => {
    const at = next++ % host.length
    const socket = new GatheringSocket()
    if (path) socket.connect(path)
    else socket.connect(port[at]!, host[at]!)
    // By this name postgres.js checks the server's certificate.
    return Object.assign(socket, { host: host[at], port: port[at] })
  }
}
