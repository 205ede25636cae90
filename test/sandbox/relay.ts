import type { OpenAIRealtimeWS } from 'openai/realtime/ws'
import type { RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import type { WebSocket } from 'ws'
import { eventsOf, type Inbox, realtimeAt, type StreamMessage, telephone } from './harness.ts'

const parameters = (properties: object) => ({ type: 'object', properties })
const tool = (name: string, properties: object = {}) => ({ type: 'function', name, parameters: parameters(properties) })

export const slots = ['need', 'timing', 'budget', 'location']
export const tools = [
  tool('save_answer', { slot: { type: 'string', enum: slots }, value: { type: 'string' } }),
  tool('check_slots'),
  tool('book_slot', { slot_id: { type: 'string' } }),
  ...['transfer_to_human', 'not_a_fit'].map((name) => tool(name, { reason: { type: 'string' } })),
  ...['wrong_number', 'stop_calling', 'voicemail', 'end_call'].map((name) => tool(name)),
]

const outputs: Record<string, object> = {
  check_slots: { slots: [{ slot_id: 'slot_1', spoken: 'Tuesday at ten in the morning' }] },
  book_slot: { booked: true, spoken: 'Tuesday at ten in the morning' },
  transfer_to_human: { error: 'nobody_free' },
}

export interface Relayed {
  said: string[]
  heard: string[]
  called: { name: string; args: Record<string, unknown> }[]
  interruptions: number
  events: Inbox<RealtimeServerEvent>
}

/**
 * The tiniest voice loop: audio both ways, a greeting, a response after each turn, barge-in by clear + cancel, and tools that
 * answer at once. It hangs up when the goodbye was played.
 */
export function relay(socket: WebSocket, engineUrl: string, greeting: string): Relayed {
  const engine: OpenAIRealtimeWS = realtimeAt(engineUrl)
  const events = eventsOf(engine)
  const state: Relayed = { said: [], heard: [], called: [], interruptions: 0, events }
  let streamSid = ''
  let busy = false
  let wanted = false
  let playing = false
  let ending = false
  /** What the callee says while the session is being set up; undefined when it is. */
  let early: string[] | undefined = []

  const toCarrier = (event: string, body: object) => socket.send(JSON.stringify({ event, streamSid, ...body }))
  const append = (audio: string) => engine.send({ type: 'input_audio_buffer.append', audio })
  const ask = (response?: object) => {
    if (busy) {
      wanted = true
      return
    }
    busy = true
    engine.send({ type: 'response.create', ...(response && { response }) } as never)
  }

  engine.on('session.created', () => engine.send(telephone('Qualify the lead.', tools, { silence_duration_ms: 400 })))
  engine.on('session.updated', () => {
    for (const audio of early ?? []) append(audio)
    early = undefined
    ask({ instructions: `Say exactly: ${JSON.stringify(greeting)}` })
  })
  engine.on('response.output_audio.delta', ({ delta }) => {
    playing = true
    toCarrier('media', { media: { payload: delta } })
  })
  engine.on('response.output_audio_transcript.done', ({ transcript }) => state.said.push(transcript))
  engine.on('input_audio_buffer.speech_started', () => {
    // The greeting is not cut by the callee's opening hello.
    if (state.heard.length === 0) return
    if (playing) state.interruptions++
    toCarrier('clear', {})
    if (busy) engine.send({ type: 'response.cancel' })
  })
  engine.on('conversation.item.input_audio_transcription.completed', ({ transcript }) => {
    state.heard.push(transcript)
    // The callee's opening hello is not an answer to the greeting.
    if (transcript !== 'Hello?') ask()
  })
  engine.on('response.function_call_arguments.done', ({ name, call_id, arguments: json }) => {
    state.called.push({ name, args: JSON.parse(json) as Record<string, unknown> })
    if (name === 'end_call') ending = true
    const output = JSON.stringify(outputs[name] ?? { ok: true })
    engine.send({ type: 'conversation.item.create', item: { type: 'function_call_output', call_id, output } })
    if (name !== 'end_call') wanted = true
  })
  engine.on('response.done', () => {
    busy = false
    toCarrier('mark', { mark: { name: ending ? 'goodbye' : 'played' } })
    if (wanted && !ending) {
      wanted = false
      ask()
    }
  })

  socket.on('message', (data) => {
    const message = JSON.parse(String(data)) as StreamMessage & { media: { payload: string }; mark: { name: string } }
    streamSid = message.streamSid ?? streamSid
    if (message.event === 'media' && early) early.push(message.media.payload)
    else if (message.event === 'media' && engine.socket.readyState === 1) append(message.media.payload)
    if (message.event === 'mark') playing = false
    if (message.event === 'mark' && message.mark.name === 'goodbye') socket.close(1000)
  })
  socket.on('close', () => engine.close())
  return state
}
