import { type EventEmitter, once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import v8 from 'node:v8'
import vm from 'node:vm'
import { WebSocket, WebSocketServer } from 'ws'
import { acceptMediaStream } from '../../runtime/carrier/twilio/media-stream.ts'
import { systemClock as clock } from '../../runtime/clock.ts'
import { gathering } from '../../runtime/gathering.ts'
import { type Engine, openEngine } from '../../runtime/voice/engine.ts'
import { startLoop } from '../../runtime/voice/loop.ts'
import type { Conversation, Desk } from '../../runtime/voice/port.ts'
import { answerCommands } from './child.ts'

/** The process under measure: carries calls by the voice loop, or by a relay that copies frames and does nothing else. */

v8.setFlagsFromString('--expose-gc')
const collect = vm.runInNewContext('gc') as () => void

const conversation: Conversation = {
  ...{ callId: 'call', attemptId: 'attempt', greeting: 'Hello.', greetingInterruptible: true, instructions: 'Talk.' },
  ...{ tools: [], voice: 'marin', language: 'en', maxDurationSeconds: 3_600, idleSeconds: 60 },
}

const desk: Desk = {
  answered: async () => {},
  runTool: async () => ({ output: {} }),
  turn: () => {},
  heard: async () => undefined,
  digit: async () => undefined,
  personCame: async () => {},
  lineClosed: () => {},
  hangUp: async () => {},
  ended: async () => {},
  span: () => '',
}

const server = createServer()
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false })
const prepared = new Map<string, Engine>()
let kind: 'loop' | 'relay' = 'loop'
let engineUrl = ''
let active = 0

// As `talkif serve` does.
server.on('upgrade', (request, socket, head) => {
  sockets.handleUpgrade(request, kind === 'loop' ? gathering(socket) : socket, head, (accepted) => {
    active += 1
    const carried = kind === 'loop' ? carry(accepted, request.url!.slice(1)) : relay(accepted)
    void carried.finally(() => {
      active -= 1
    })
  })
})

async function carry(socket: WebSocket, id: string): Promise<void> {
  const engine = prepared.get(id)!
  prepared.delete(id)
  const stream = await acceptMediaStream(socket, { clock, startTimeoutMs: 10_000 })
  await startLoop({ clock, conversation, desk, stream, engine }).done
}

/** Frames of 20 ms each way, each in the message that its protocol wants; nothing is queued, paced or looked at. */
async function relay(socket: WebSocket): Promise<void> {
  const engine = new WebSocket(`${engineUrl.replace('http', 'ws')}/realtime?model=relay`, { perMessageDeflate: false })
  let streamSid = ''
  engine.on('error', () => {})
  socket.on('message', (data) => {
    const message = JSON.parse(String(data))
    if (message.event === 'start') streamSid = message.streamSid
    if (message.event === 'media' && engine.readyState === engine.OPEN)
      engine.send(JSON.stringify({ type: 'input_audio_buffer.append', audio: message.media.payload }))
    if (message.event === 'stop') socket.close()
  })
  engine.on('message', (data) => {
    const event = JSON.parse(String(data))
    if (event.type !== 'response.output_audio.delta') return
    const audio = Buffer.from(event.delta, 'base64')
    for (let at = 0; at < audio.length; at += 160) {
      const payload = audio.toString('base64', at, at + 160)
      socket.send(JSON.stringify({ event: 'media', streamSid, media: { payload } }))
    }
  })
  await once(socket, 'close')
  engine.close()
}

/** Of what outlives a call. */
const listenersOf = (it: EventEmitter) => it.eventNames().reduce((sum, name) => sum + it.listenerCount(name), 0)

answerCommands(
  {
    async open(given: { kind: 'loop' | 'relay'; engineUrl: string }) {
      kind = given.kind
      engineUrl = given.engineUrl
      server.listen(0, '127.0.0.1')
      await once(server, 'listening')
      return `ws://127.0.0.1:${(server.address() as AddressInfo).port}`
    },
    /** Opens the session of a call while its phone rings, so that the greeting waits. */
    async prepare(id: string) {
      if (kind === 'relay') return
      const models = { model: 'gpt-realtime', transcriptionModel: 'gpt-4o-mini-transcribe' }
      const engine = openEngine({ baseUrl: engineUrl, apiKey: 'sk-bench', ...models, clock }, conversation)
      prepared.set(id, engine)
      await engine.ready
    },
    cpu: () => process.cpuUsage(),
    async usage() {
      for (let i = 0; i < 3; i++) {
        collect()
        await new Promise((resolve) => setTimeout(resolve, 50))
      }
      const { heapUsed, external } = process.memoryUsage()
      const resources = process.getActiveResourcesInfo()
      const count = (name: string) => resources.filter((it) => it === name).length
      const listeners = [process, server, sockets].reduce((sum, it) => sum + listenersOf(it), 0)
      return {
        bytes: heapUsed + external,
        active,
        sockets: count('TCPSocketWrap'),
        timers: count('Timeout'),
        listeners,
      }
    },
  },
  async () => {
    for (const socket of sockets.clients) socket.terminate()
    server.close()
  },
)
