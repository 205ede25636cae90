import { Socket } from 'node:net'
import { gathering } from '../gathering.ts'

/** What postgres.js tells of where it wants to connect: hosts to try in turn, or a Unix socket. */
interface Target {
  host: string[]
  port: number[]
  path?: string | false
}

/**
 * For `postgres({ socket })`: opens connections to the hosts of a database in turn. The statements of a transaction are written one by
 * one and leave together; that a buffer is full is never told, because postgres.js 3.4.9 then forgets which connection a `begin` ran on.
 */
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
