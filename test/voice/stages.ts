import { once } from 'node:events'
import { createServer, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { type WebSocket, WebSocketServer } from 'ws'

interface Chunk {
  choices: unknown[]
}

/** One chunk of a completion, as a server streams it. */
export const chunk = (delta: object, finish_reason: string | null = null): Chunk => ({
  ...{ id: 'c', object: 'chat.completion.chunk', created: 1, model: 'm' },
  choices: [{ index: 0, delta, finish_reason }],
})

export const words = (content: string) => chunk({ content })
export const called = (name: string, given: string) =>
  chunk({ tool_calls: [{ index: 0, id: 'call_1', type: 'function', function: { name, arguments: given } }] })
export const finish = (reason: string) => chunk({}, reason)

/** So much speech. */
export const pcm = (ms: number) => Buffer.alloc(ms * 48, 0x11)

/** A completion of these chunks, whose connection is closed behind them. */
export function stream(response: ServerResponse, chunks: readonly Chunk[]): void {
  response.writeHead(200, { 'content-type': 'text/event-stream' })
  for (const one of chunks) response.write(`data: ${JSON.stringify(one)}\n\n`)
  response.end()
}

/** Says no, once and for all others of its kind. */
export function refuse(response: ServerResponse, status: number): void {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(JSON.stringify({ error: { message: 'not this', type: 'an_error', code: 'refused' } }))
}

/** A server whose stages do what the test says, and that remembers what they were asked. */
export async function startStages(onTestFinished: (run: () => void) => void) {
  const stages = {
    baseUrl: '',
    /** What each completion was made of, without the instructions. */
    chats: [] as { role: string; content: string | null }[][],
    said: [] as string[],
    /** The newest session. */
    socket: undefined as WebSocket | undefined,
    text: [words('Fine.'), finish('stop')] as Chunk[],
    /** Says it: for as long as it is written, by default. */
    speak: (response: ServerResponse, input: string): void => void response.end(pcm(input.length * 60)),
    /** The caller has spoken; without a text the words do not come. */
    hear(item: string, text?: string) {
      const done = { type: 'conversation.item.input_audio_transcription.completed', content_index: 0 }
      stages.socket?.send(JSON.stringify({ type: 'input_audio_buffer.committed', item_id: item }))
      if (text !== undefined) stages.socket?.send(JSON.stringify({ ...done, item_id: item, transcript: text }))
    },
  }
  const server = createServer(async (request, response) => {
    const asked = (await json(request)) as { input: string; messages: (typeof stages.chats)[number] }
    if (request.url!.endsWith('/audio/speech')) {
      stages.said.push(asked.input)
      return stages.speak(response, asked.input)
    }
    stages.chats.push(asked.messages.slice(1))
    stream(response, stages.text)
  })
  const sockets = new WebSocketServer({ server })
  sockets.on('connection', (socket) => {
    stages.socket = socket
    socket.on('message', (message) => {
      if (JSON.parse(String(message)).type !== 'session.update') return
      socket.send(JSON.stringify({ type: 'session.updated', session: {} }))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
    server.closeAllConnections()
  })
  stages.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  return stages
}
