import { OpenAI } from 'openai'
import type { RealtimeClientEvent, RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { WebSocket } from 'ws'
import type { Sandbox } from '../../runtime/sandbox/server.ts'
import { createSpeech } from '../../runtime/sandbox/speech/speech.ts'
import { speechDir } from '../harness/cache.ts'
import { credentials, eventsOf, openSandbox, realtimeAt, telephone } from './harness.ts'

let sandbox: Sandbox
const speech = createSpeech(speechDir)
const open: { close(): void }[] = []
beforeAll(async () => {
  sandbox = await openSandbox()
})
afterEach(() => {
  for (const client of open.splice(0)) client.close()
})
afterAll(() => Promise.all([sandbox.close(), speech.close()]))

type ServerEvent<T extends RealtimeServerEvent['type']> = Extract<RealtimeServerEvent, { type: T }>

/** A configured session of the real SDK. */
async function session(update: RealtimeClientEvent = telephone('Be brief.') as RealtimeClientEvent) {
  const client = realtimeAt(sandbox.engineUrl({ pace: 40 }))
  open.push(client)
  const events = eventsOf(client)
  const on = <T extends RealtimeServerEvent['type']>(type: T) =>
    events.find((event) => event.type === type) as Promise<ServerEvent<T>>
  const next = <T extends RealtimeServerEvent['type']>(type: T) =>
    events.next((event) => event.type === type) as Promise<ServerEvent<T>>
  const send = (event: object) => client.send(event as RealtimeClientEvent)
  await on('session.created')
  send(update)
  await on('session.updated')
  const say = async (text: string) => {
    const done = next('response.done')
    send({ type: 'response.create', response: { instructions: `Say exactly: ${JSON.stringify(text)}` } })
    return done
  }
  const append = (audio: Buffer) => send({ type: 'input_audio_buffer.append', audio: audio.toString('base64') })
  const refused = async (event: object) => {
    const error = next('error')
    send({ event_id: 'mine', ...event })
    const { type, code, param, event_id, message } = (await error).error
    expect({ type, event_id }).toEqual({ type: 'invalid_request_error', event_id: 'mine' })
    expect(sandbox.violations.at(-1)).toMatchObject({ side: 'engine', code, message })
    return { code, param, message }
  }
  return { client, events, on, next, send, say, append, refused }
}

const silence = (ms: number) => Buffer.alloc(ms * 8, 0xff)
const types = (events: RealtimeServerEvent[]) => events.map(({ type }) => type)

test('a session tells its configuration', async () => {
  const { on, client } = await session()
  expect(client.url.pathname).toBe('/pace/40/v1/realtime')
  expect((await on('session.created')).session).toMatchObject({
    type: 'realtime',
    model: 'gpt-realtime',
    tool_choice: 'auto',
  })
  expect((await on('session.updated')).session).toMatchObject({
    instructions: 'Be brief.',
    audio: {
      input: { format: { type: 'audio/pcmu' }, turn_detection: { threshold: 0.5, prefix_padding_ms: 300 } },
      output: { format: { type: 'audio/pcmu' }, voice: 'marin', speed: 1 },
    },
  })
})

test('a spoken response comes as the real sequence of events, faster than it plays', async () => {
  const { events, say } = await session()
  const text = 'Hello, this is Talkif. I am an AI assistant.'
  const { response } = await say(text)
  const seen = events.all.filter(({ type }) => !/^(session|conversation\.created)/.test(type))
  expect([...new Set(types(seen))]).toEqual([
    ...['response.created', 'rate_limits.updated', 'response.output_item.added', 'conversation.item.added'],
    ...['response.content_part.added', 'response.output_audio_transcript.delta', 'response.output_audio.delta'],
    ...['response.output_audio.done', 'response.output_audio_transcript.done', 'response.content_part.done'],
    ...['response.output_item.done', 'conversation.item.done', 'response.done'],
  ])
  const deltas = seen.filter((event) => event.type === 'response.output_audio.delta')
  const audio = Buffer.concat(deltas.map(({ delta }) => Buffer.from(delta, 'base64')))
  await Promise.all([speech.say('agent', 'Hello, this is Talkif.'), speech.say('agent', 'I am an AI assistant.')])
  expect(speech.recognize(audio)).toBe(text)
  const words = seen.filter((event) => event.type === 'response.output_audio_transcript.delta')
  expect(words.map(({ delta }) => delta).join('')).toBe(text)
  expect(response).toMatchObject({ status: 'completed', usage: { total_tokens: expect.any(Number) } })
  expect(response.output).toMatchObject([{ role: 'assistant', content: [{ type: 'output_audio', transcript: text }] }])
  expect(new Set(events.all.map((event) => 'event_id' in event && event.event_id)).size).toBe(events.all.length)
})

test('speech is detected in milliseconds of audio, committed, and transcribed', async () => {
  const { events, on, append } = await session()
  await sandbox.ready
  const audio = await speech.say('person', 'I want to ask about pricing for the master programs.')
  append(silence(1000))
  append(Buffer.concat([audio, silence(800)]))
  const { transcript, item_id } = await on('conversation.item.input_audio_transcription.completed')
  expect(transcript).toBe('I want to ask about pricing for the master programs.')
  const started = await on('input_audio_buffer.speech_started')
  const stopped = await on('input_audio_buffer.speech_stopped')
  expect(started.audio_start_ms).toBeGreaterThanOrEqual(700)
  expect(started.audio_start_ms).toBeLessThan(900)
  expect(stopped.audio_end_ms).toBeGreaterThan(1000 + audio.length / 8)
  expect(stopped.audio_end_ms).toBeLessThan(1000 + audio.length / 8 + 560)
  expect([started.item_id, stopped.item_id]).toEqual([item_id, item_id])
  expect(
    types(events.all).filter((type) => /^(input|conversation\.item)/.test(type) && !type.endsWith('delta')),
  ).toEqual([
    ...['input_audio_buffer.speech_started', 'input_audio_buffer.speech_stopped', 'input_audio_buffer.committed'],
    ...['conversation.item.added', 'conversation.item.done', 'conversation.item.input_audio_transcription.completed'],
  ])
})

test('create_response answers a turn, interrupt_response cuts the answer, idle_timeout_ms asks by itself', async () => {
  const vad = { create_response: true, interrupt_response: true, idle_timeout_ms: 5000 }
  const { on, next, append } = await session(telephone('', [], vad) as RealtimeClientEvent)
  const audio = await speech.say('person', 'I think you have the wrong number.')
  const first = next('response.created')
  append(Buffer.concat([audio, silence(600)]))
  await first
  await on('response.output_audio.delta')
  append(audio)
  const { response } = await on('response.done')
  expect(response).toMatchObject({
    status: 'cancelled',
    status_details: { type: 'cancelled', reason: 'turn_detected' },
  })
  const second = next('response.done')
  append(silence(600))
  await second
  append(silence(20_000))
  expect(await on('input_audio_buffer.timeout_triggered')).toMatchObject({ audio_end_ms: expect.any(Number) })
})

test('a function is called, and its output goes into the conversation', async () => {
  const tool = { type: 'function', name: 'stop_calling', parameters: { type: 'object', properties: {} } }
  const { on, next, send, events } = await session(telephone('', [tool]) as RealtimeClientEvent)
  const content = [{ type: 'input_text', text: 'Please stop calling me.' }]
  send({ type: 'conversation.item.create', item: { type: 'message', role: 'user', content } })
  send({ type: 'response.create' })
  const call = await on('response.function_call_arguments.done')
  expect(call).toMatchObject({ name: 'stop_calling', arguments: '{}' })
  const { response } = await on('response.done')
  expect(response.output).toMatchObject([{ type: 'function_call', name: 'stop_calling', call_id: call.call_id }])
  const done = next('response.done')
  send({
    type: 'conversation.item.create',
    item: { type: 'function_call_output', call_id: call.call_id, output: '{}' },
  })
  send({ type: 'response.create' })
  expect((await done).response.output).toMatchObject([
    { content: [{ transcript: expect.stringMatching(/off our list/) }] },
  ])
  expect(types(events.all)).not.toContain('error')
})

describe('truncation', () => {
  test('cuts what was not heard, and the mind knows it', async () => {
    const { say, send, on, next, refused } = await session()
    const { response } = await say('One two three four five six seven eight nine ten.')
    const item_id = response.output![0]!.id!
    send({ type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 1000 })
    expect(await on('conversation.item.truncated')).toMatchObject({ item_id, audio_end_ms: 1000 })
    const again = { type: 'conversation.item.truncate', item_id, content_index: 0, audio_end_ms: 1500 }
    expect(await refused(again)).toMatchObject({ message: 'Audio content of 1000ms is already shorter than 1500ms' })
    const deleted = next('conversation.item.deleted')
    send({ type: 'conversation.item.delete', item_id })
    await deleted
    expect(await refused({ ...again, audio_end_ms: 500 })).toMatchObject({ code: 'item_truncate_invalid_item_id' })
  })

  test('is refused at 0 and for the caller’s items', async () => {
    const { say, refused, send, on } = await session()
    const { response } = await say('Hello there.')
    const at = { type: 'conversation.item.truncate', content_index: 0 }
    const own = { ...at, item_id: response.output![0]!.id, audio_end_ms: 0 }
    expect(await refused(own)).toMatchObject({ code: 'unsupported_content_type' })
    const item = { id: 'theirs', type: 'message', role: 'user', content: [{ type: 'input_text', text: 'Hi' }] }
    send({ type: 'conversation.item.create', item })
    await on('conversation.item.added')
    expect(await refused({ ...at, item_id: 'theirs', audio_end_ms: 9 })).toMatchObject({
      code: 'unsupported_content_type',
    })
  })
})

test('one response at a time; out of band beside it; cancel stops it and says so', async () => {
  const { events, send, next, refused } = await session()
  /** Whichever of the two ends first. */
  const doneOf = (id: string | undefined) =>
    events.find((event) => event.type === 'response.done' && event.response.id === id) as Promise<
      ServerEvent<'response.done'>
    >
  const long = 'This is a long sentence, which goes on. And on. And on. And on. And on, until somebody stops it.'
  const created = next('response.created')
  send({ type: 'response.create', response: { instructions: `Say exactly: "${long}"` } })
  const { response } = await created
  const second = await refused({ type: 'response.create' })
  expect(second).toMatchObject({ code: 'conversation_already_has_active_response' })
  expect(second.message).toContain(response.id)
  const aside = next('response.created')
  send({ type: 'response.create', response: { conversation: 'none', instructions: 'Say exactly: "Aside."' } })
  const besides = (await aside).response.id
  expect(besides).not.toBe(response.id)
  await events.find((event) => event.type === 'response.output_audio.delta' && event.response_id === response.id)
  send({ type: 'response.cancel', response_id: response.id })
  expect((await doneOf(response.id)).response).toMatchObject({
    ...{ id: response.id, status: 'cancelled', status_details: { reason: 'client_cancelled' } },
    output: [{ status: 'incomplete' }],
  })
  await doneOf(besides)
  const before = sandbox.violations.length
  const error = next('error')
  send({ type: 'response.cancel' })
  expect((await error).error.code).toBe('response_cancel_not_active')
  // It may have crossed with the end of the response: no violation.
  expect(sandbox.violations.length).toBe(before)
})

test('a cancel when nothing was ever active is a violation', async () => {
  const { refused } = await session()
  expect(await refused({ type: 'response.cancel' })).toMatchObject({ code: 'response_cancel_not_active' })
})

test.each([
  ['an unknown event', { type: 'session.delete' }, 'invalid_value', 'type'],
  ['no type', {}, 'missing_required_parameter', 'type'],
  ['the buffer of WebRTC', { type: 'output_audio_buffer.clear' }, 'invalid_value', 'type'],
  ['an unknown field', { type: 'response.create', now: true }, 'unknown_parameter', 'now'],
  [
    'a beta field',
    { type: 'session.update', session: { type: 'realtime', voice: 'alloy' } },
    'unknown_parameter',
    'session.voice',
  ],
  ['no session type', { type: 'session.update', session: {} }, 'missing_required_parameter', 'session.type'],
  ['audio that is no base64', { type: 'input_audio_buffer.append', audio: '***' }, 'invalid_value', 'audio'],
  ['an empty commit', { type: 'input_audio_buffer.commit' }, 'input_audio_buffer_commit_empty', null],
  ['an unknown item', { type: 'conversation.item.retrieve', item_id: 'x' }, 'item_retrieve_invalid_item_id', 'item_id'],
  ['deleting nothing', { type: 'conversation.item.delete', item_id: 'x' }, 'item_delete_invalid_item_id', 'item_id'],
  [
    'a fraction of a millisecond',
    { type: 'conversation.item.truncate', item_id: 'x', content_index: 0, audio_end_ms: 1.5 },
    ...(['invalid_type', 'audio_end_ms'] as const),
  ],
  [
    'an output without a call',
    { type: 'conversation.item.create', item: { type: 'function_call_output', call_id: 'x', output: '' } },
    ...(['invalid_tool_call_id', 'item.call_id'] as const),
  ],
  [
    'assistant audio',
    {
      type: 'conversation.item.create',
      item: { type: 'message', role: 'assistant', content: [{ type: 'output_audio' }] },
    },
    ...(['invalid_value', 'item.content[0].type'] as const),
  ],
  [
    'both modalities',
    { type: 'session.update', session: { type: 'realtime', output_modalities: ['text', 'audio'] } },
    ...(['invalid_value', 'session.output_modalities'] as const),
  ],
  [
    'a speed beyond the maximum',
    { type: 'session.update', session: { type: 'realtime', audio: { output: { speed: 2 } } } },
    ...(['decimal_above_max_value', 'session.audio.output.speed'] as const),
  ],
  [
    'another model',
    { type: 'session.update', session: { type: 'realtime', model: 'other' } },
    ...(['invalid_value', 'session.model'] as const),
  ],
])('refuses %s', async (_, event, code, param) => {
  const { refused } = await session()
  expect(await refused(event)).toMatchObject({ code, param })
})

test('the voice cannot change once it was heard; formats must be the telephone’s', async () => {
  const { say, refused, client, next } = await session()
  await say('Hello.')
  const voice = { type: 'session.update', session: { type: 'realtime', audio: { output: { voice: 'cedar' } } } }
  expect(await refused(voice)).toMatchObject({ code: 'cannot_update_voice' })
  const pcm = {
    type: 'session.update',
    session: { type: 'realtime', audio: { input: { format: { type: 'audio/pcm' } } } },
  }
  const updated = next('session.updated')
  client.send(pcm as RealtimeClientEvent)
  await updated
  expect(await refused({ type: 'input_audio_buffer.append', audio: 'AAAA' })).toMatchObject({
    code: 'sandbox_unsupported',
  })
})

test('what is no JSON is answered, and the session goes on', async () => {
  const { client, next, say } = await session()
  const error = next('error')
  client.socket.send('{')
  expect((await error).error.code).toBe('invalid_json')
  expect((await say('Still here.')).response.status).toBe('completed')
})

test('the door: key, model and path', async () => {
  const status = (path: string, key = credentials.apiKey) =>
    new Promise((resolve) => {
      const url = `${sandbox.engineUrl({ pace: 40 }).replace('http', 'ws')}${path}`
      const socket = new WebSocket(url, { headers: { authorization: `Bearer ${key}` } })
      socket.on('unexpected-response', (_, response) => resolve(response.statusCode))
      socket.on('error', () => {})
    })
  expect(await status('/realtime?model=gpt-realtime', 'sk-wrong')).toBe(401)
  expect(await status('/realtime')).toBe(400)
  expect(await status('/chat')).toBe(404)
  expect(new OpenAI({ apiKey: 'x', baseURL: sandbox.engineUrl({ pace: 4 }) }).baseURL).toMatch(/\/pace\/4\/v1$/)
})
