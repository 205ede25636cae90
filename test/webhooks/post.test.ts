import { once } from 'node:events'
import { createServer, type RequestListener, type Server } from 'node:http'
import { type AddressInfo, createServer as createRawServer, type Socket } from 'node:net'
import { expect, test } from 'vitest'
import { openWebhookPoster } from '../../runtime/webhooks/post.ts'

const poster = () => openWebhookPoster({ allowLoopback: true })

async function receiver(answer: RequestListener): Promise<{ server: Server; url: string; sockets: Set<Socket> }> {
  const sockets = new Set<Socket>()
  const server = createServer(answer).on('connection', (socket) => sockets.add(socket))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return { server, sockets, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/` }
}

test('webhooks to one host share a connection', async ({ onTestFinished }) => {
  const bodies: string[] = []
  const { server, sockets, url } = await receiver((request, response) => {
    request.setEncoding('utf8').on('data', (text) => bodies.push(text))
    request.on('end', () => response.writeHead(200).end('thank you'))
  })
  const { post, close } = poster()
  onTestFinished(() => {
    close()
    server.close()
  })
  for (const body of ['1', '2', '3']) expect(await post(url, {}, body)).toEqual({ ok: true, status: 200 })
  expect(bodies).toEqual(['1', '2', '3'])
  expect(sockets.size).toBe(1)
})

test('a kept connection that the receiver closed is no failure of the receiver', async ({ onTestFinished }) => {
  let connections = 0
  // Answers the first request of each connection, and resets the connection at the second.
  const server = createRawServer((socket) => {
    connections++
    let requests = 0
    socket.on('error', () => {})
    socket.on('data', () => {
      if (++requests === 1) socket.write('HTTP/1.1 204 No Content\r\n\r\n')
      else socket.resetAndDestroy()
    })
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { post, close } = poster()
  onTestFinished(() => {
    close()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  for (let at = 0; at < 3; at++) expect(await post(url, {}, '{}')).toEqual({ ok: true, status: 204 })
  expect(connections).toBe(3)
})

test('a fresh connection that is reset is one', async ({ onTestFinished }) => {
  let connections = 0
  const server = createRawServer((socket) => {
    connections++
    socket.on('error', () => {})
    socket.on('data', () => socket.resetAndDestroy())
  }).listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { post, close } = poster()
  onTestFinished(() => {
    close()
    server.close()
  })
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  expect(await post(url, {}, '{}')).toMatchObject({
    ok: false,
    error: expect.stringMatching(/ECONNRESET|socket hang up/),
  })
  expect(connections).toBe(1)
})

test('an answer without end is cut off, and what it began with counts', async ({ onTestFinished }) => {
  const closed = Promise.withResolvers<void>()
  const { server, url } = await receiver((_, response) => {
    response.writeHead(200)
    const more = () => {
      while (response.write('x'.repeat(4096)));
      response.once('drain', more)
    }
    response.on('close', closed.resolve)
    more()
  })
  const { post, close } = poster()
  onTestFinished(() => {
    close()
    server.close()
  })
  expect(await post(url, {}, '{}')).toEqual({ ok: true, status: 200 })
  await closed.promise
})
