import { once } from 'node:events'
import { type AddressInfo, createServer } from 'node:net'
import { expect, test } from 'vitest'
import { socketsTo } from '../../runtime/db/socket.ts'

test('what is written in one turn leaves together, in order, and never asks the writer to wait', async ({
  onTestFinished,
}) => {
  const server = createServer().listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const accepted = once(server, 'connection')
  const socket = socketsTo()({ host: ['127.0.0.1'], port: [port] })
  onTestFinished(() => void socket.destroy())
  await once(socket, 'connect')
  const [received] = await accepted

  for (const letter of ['a', 'b', 'c']) expect(socket.write(letter.repeat(1_000_000))).toBe(true)
  await Promise.resolve()
  expect(socket.write('d')).toBe(true)
  expect(socket.writableLength).toBe(3_000_001)
  const sent = new Promise<string>((resolve) => {
    let text = ''
    received.setEncoding('latin1').on('data', (chunk: string) => {
      text += chunk
      if (text.length === 3_000_001) resolve(text)
    })
  })
  expect((await sent).replaceAll(/(.)\1*/g, '$1')).toBe('abcd')
})
