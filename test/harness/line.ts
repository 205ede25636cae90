import { once } from 'node:events'
import { type AddressInfo, connect, createServer, type Socket } from 'node:net'

/** A line to a database that can be cut: meanwhile connections break, and new ones are refused. */
export async function openLine(databaseUrl: string) {
  const target = new URL(databaseUrl)
  const ends = new Set<Socket>()
  let isCut = false
  let refused = 0
  const server = createServer((socket) => {
    if (isCut) {
      refused += 1
      return void socket.on('error', () => {}).resetAndDestroy()
    }
    const far = connect(Number(target.port), target.hostname)
    for (const [one, other] of [
      [socket, far],
      [far, socket],
    ] as const) {
      ends.add(one)
      one.pipe(other)
      one
        .on('error', () => {})
        .on('close', () => {
          ends.delete(one)
          other.destroy()
        })
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const url = new URL(databaseUrl)
  url.host = `127.0.0.1:${(server.address() as AddressInfo).port}`
  const cut = () => {
    isCut = true
    refused = 0
    for (const socket of ends) socket.resetAndDestroy()
  }
  return {
    url: url.href,
    cut,
    mend() {
      isCut = false
    },
    /** How often somebody wanted to connect since it was cut. */
    get refused() {
      return refused
    },
    async close() {
      cut()
      server.close()
      await once(server, 'close')
    },
  }
}
