import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { json } from 'node:stream/consumers'
import { afterAll, afterEach, beforeAll, expect, onTestFinished, test } from 'vitest'
import { type Clock, systemClock } from '../../runtime/clock.ts'
import type { Chaos, Sandbox } from '../../runtime/sandbox/server.ts'
import { startSandbox } from '../../runtime/sandbox/server.ts'
import { createSpeech, sentences } from '../../runtime/sandbox/speech/speech.ts'
import { openCascade, type StageServers } from '../../runtime/voice/cascade/engine.ts'
import type { Engine } from '../../runtime/voice/engine.ts'
import { type EngineEvent, EngineLost, EngineRefused } from '../../runtime/voice/engine-events.ts'
import type { Conversation } from '../../runtime/voice/port.ts'
import { speechDir } from '../harness/cache.ts'
import { conversation, credentials } from './sandbox-call.ts'
import { called, finish, pcm, refuse, startStages, words } from './stages.ts'
import { virtualClock } from './virtual-clock.ts'

const chaos: Chaos = {}
const speech = createSpeech(speechDir)
let sandbox: Sandbox
const open: Engine[] = []
beforeAll(async () => {
  sandbox = await startSandbox({ clock: systemClock, credentials, chaos, cacheDir: speechDir })
  // Beside others the first sentence of all may take longer to render than a cascade waits for it.
  await sandbox.ready
  for (const sentence of sentences(conversation.greeting)) await speech.say('agent', sentence)
})
afterEach(() => {
  for (const engine of open.splice(0)) engine.close()
  for (const name of Object.keys(chaos) as (keyof Chaos)[]) delete chaos[name]
})
afterAll(() => Promise.all([sandbox.close(), speech.close()]))

const silence = (ms: number) => Buffer.alloc(ms * 8, 0xff)

interface Given {
  baseUrl?: string
  apiKey?: string
  pace?: number
  elsewhere?: StageServers
  conversation?: Partial<Conversation>
  /** Nobody listens before that. */
  ringsMs?: number
  clock?: Clock
}

/** A cascade, what it told, and a way to wait for what it tells next. */
async function start(given: Given = {}) {
  const { apiKey = credentials.apiKey, pace = 8, elsewhere = {}, clock = systemClock } = given
  const engine = openCascade(
    {
      ...{ baseUrl: given.baseUrl ?? sandbox.engineUrl({ pace }), apiKey, clock, model: 'gpt-realtime' },
      ...{
        transcriptionModel: 'gpt-4o-transcribe',
        textModel: 'gpt-4.1-mini',
        speechModel: 'gpt-4o-mini-tts',
        elsewhere,
      },
    },
    { ...conversation, ...given.conversation },
  )
  open.push(engine)
  const events: EngineEvent[] = []
  let read = 0
  let told = () => {}
  const listen = () =>
    engine.listen((event) => {
      events.push(event)
      told()
    })
  if (!given.ringsMs) listen()
  else setTimeout(listen, given.ringsMs)
  async function next<T extends EngineEvent['type']>(type: T): Promise<Extract<EngineEvent, { type: T }>> {
    for (;;) {
      const at = events.findIndex((event, index) => index >= read && event.type === type)
      if (at >= 0) {
        read = at + 1
        return events[at] as Extract<EngineEvent, { type: T }>
      }
      await new Promise<void>((resolve) => {
        told = resolve
      })
    }
  }
  /** The caller says it, and the engine has the words. */
  async function hear(words: string) {
    const audio = await speech.say('person', words)
    await sandbox.ready
    for (const piece of [audio, silence(700)]) engine.appendAudio(piece)
    return next('heard')
  }
  /** What the agent said in a response, in words. */
  const saidIn = (response: string) =>
    events.map((event) => (event.type === 'text' && event.response === response ? event.delta : '')).join('')
  return { engine, events, next, hear, saidIn }
}

const violations = () => sandbox.violations.splice(0).map(({ code }) => code)

test('greets word for word, answers with words and audio, and calls functions', async () => {
  const { engine, events, next, hear, saidIn } = await start()
  await engine.ready
  expect(await next('response_started')).toEqual({ type: 'response_started', response: 'resp_1' })
  await next('response_done')
  expect(saidIn('resp_1')).toBe(conversation.greeting)
  const greeting = events.flatMap((event) => (event.type === 'audio' ? [event.audio] : []))
  // The telephone hears what was spoken.
  expect(speech.recognize(Buffer.concat(greeting))).toBe(conversation.greeting)
  // Words are told with their sound: where they are cut, no others can have been heard.
  const told = events.slice(
    0,
    events.findIndex(({ type }) => type === 'audio'),
  )
  const words = told.flatMap((event) => (event.type === 'text' ? [event.delta] : []))
  expect(words.filter(Boolean)).toEqual([conversation.greeting])
  expect(events.map(({ type }) => type).filter((type) => type !== 'audio' && type !== 'text')).toEqual([
    ...['response_started', 'audio_done', 'response_done'],
  ])

  const heard = await hear('Yes, I have a moment.')
  expect(heard.text).toBe('Yes, I have a moment.')
  engine.createResponse()
  const asked = await next('response_done')
  expect(asked).toMatchObject({ failure: null, toolCalls: [] })
  expect(saidIn('resp_2')).toMatch(/\?$/)

  await hear('I want to ask about pricing for the master programs.')
  engine.createResponse()
  const { toolCalls } = await next('response_done')
  expect(toolCalls).toEqual([
    { callId: expect.stringMatching(/^call_/), name: 'save_answer', arguments: expect.any(String) },
  ])
  expect(JSON.parse(toolCalls[0]!.arguments)).toEqual({ slot: 'need', value: expect.stringContaining('pricing') })
  engine.toolOutput(toolCalls[0]!.callId, '{"saved":true}')
  engine.createResponse()
  await next('response_done')
  expect(saidIn('resp_4')).toMatch(/^Thank you/)
  expect(violations()).toEqual([])
})

test('each stage can be at a server of its own, with its own key', async () => {
  const server = { baseUrl: sandbox.engineUrl({ pace: 8 }), apiKey: credentials.apiKey }
  const elsewhere = { transcription: server, text: server, speech: server }
  const { engine, next, hear, saidIn } = await start({
    baseUrl: 'http://127.0.0.1:9/v1',
    apiKey: 'sk-of-nobody',
    elsewhere,
  })
  await engine.ready
  await next('response_done')
  expect((await hear('Yes, I have a moment.')).text).toBe('Yes, I have a moment.')
  engine.createResponse()
  expect(await next('response_done')).toMatchObject({ failure: null })
  expect(saidIn('resp_2')).toMatch(/\?$/)
  expect(violations()).toEqual([])
})

test('an answer is made of the words, which are waited for', async () => {
  const { engine, next, saidIn } = await start()
  await next('response_done')
  const audio = await speech.say('person', 'Please stop calling me and take me off your list.')
  for (const piece of [audio, silence(700)]) engine.appendAudio(piece)
  await next('committed')
  engine.createResponse()
  await next('heard')
  const { toolCalls, response } = await next('response_done')
  expect(toolCalls.map(({ name }) => name)).toEqual(['stop_calling'])
  expect(saidIn(response)).toBe('')
})

test('what the platform tells while an answer is being made is news to the next one', async () => {
  const { engine, next, hear, saidIn } = await start()
  await next('response_done')
  await hear('Yes, I have a moment.')
  engine.createResponse()
  await next('response_started')
  engine.addText('system', '{"transferred":false}')
  await next('response_done')
  engine.createResponse()
  const { response } = await next('response_done')
  expect(saidIn(response)).toContain('nobody is free')
})

test('one response at a time; a cancelled one ends at once, and of it nothing more comes', async () => {
  const { engine, events, next } = await start({ pace: 1 })
  await next('audio')
  engine.createResponse()
  expect(await next('ask_refused')).toMatchObject({ busy: true })
  engine.cancelResponse('another')
  engine.cancelResponse('resp_1')
  expect(await next('response_done')).toEqual({
    type: 'response_done',
    response: 'resp_1',
    failure: null,
    toolCalls: [],
  })
  engine.truncate('item_resp_1', 100)
  const before = events.length
  engine.createResponse('Say exactly: "Fine."')
  expect(await next('response_started')).toMatchObject({ response: 'resp_2' })
  await next('response_done')
  expect(events.slice(before).filter((event) => 'response' in event && event.response === 'resp_1')).toEqual([])
})

test.each(['text', 'speech'] as const)('%s that fails once is asked again, and that is told', async (stage) => {
  const { engine, next, hear, saidIn } = await start()
  await next('response_done')
  await hear('Yes, I have a moment.')
  chaos[stage] = { refuse: 503, times: 1 }
  engine.createResponse()
  expect(await next('retried')).toMatchObject({ stage: stage === 'text' ? 'llm' : 'tts' })
  expect(await next('response_done')).toMatchObject({ failure: null })
  expect(saidIn('resp_2')).not.toBe('')
})

test.each(['text', 'speech'] as const)(
  '%s that goes on failing fails the response; another one may succeed',
  async (stage) => {
    const { engine, next, hear } = await start()
    await next('response_done')
    await hear('Yes, I have a moment.')
    chaos[stage] = { refuse: 500 }
    engine.createResponse()
    expect(await next('response_done')).toMatchObject({ failure: expect.stringContaining('server_error') })
    delete chaos[stage]
    engine.createResponse()
    expect(await next('response_done')).toMatchObject({ failure: null })
  },
)

test('a limit of a stage is told by its code', async () => {
  const { engine, next } = await start()
  await next('response_done')
  chaos.text = { refuse: 429 }
  engine.createResponse()
  expect(await next('response_done')).toMatchObject({ failure: expect.any(String), code: 'rate_limit_exceeded' })
})

test('a key that is refused in the midst of it is final', async () => {
  const { engine, events, next, hear } = await start()
  await next('response_done')
  await hear('Yes, I have a moment.')
  chaos.text = { refuse: 401 }
  engine.createResponse()
  expect(await next('lost')).toMatchObject({ error: expect.any(EngineRefused) })
  expect(events.filter(({ type }) => type === 'retried')).toEqual([])
})

test('a key that is refused at the beginning', async () => {
  const { engine } = await start({ apiKey: 'sk-wrong' })
  await expect(engine.ready).rejects.toBeInstanceOf(EngineRefused)
  expect(violations()).toEqual(['invalid_api_key'])
})

test('a transcription that drops is lost once; opened anew it goes on from what was said', async () => {
  chaos.transcription = { dropAfterAudioMs: 200, times: 1 }
  const { engine, events, next, hear, saidIn } = await start()
  await next('response_done')
  engine.appendAudio(silence(300))
  expect(await next('lost')).toMatchObject({ error: expect.any(EngineLost) })
  engine.createResponse()
  engine.reopen(() => [{ role: 'agent', text: conversation.greeting, interrupted: false }])
  await next('ready')
  await hear('Yes, I have a moment.')
  engine.createResponse()
  const { response } = await next('response_done')
  expect(saidIn(response)).toMatch(/\?$/)
  expect(events.filter(({ type }) => type === 'lost')).toHaveLength(1)
  expect(violations()).toEqual([])
})

test('a sentence beside the conversation; none when the session is gone', async () => {
  const { engine, next } = await start()
  await next('response_done')
  const audio = await engine.render('One moment, please.')
  expect(audio.length).toBe((await speech.say('agent', 'One moment, please.')).length)
  chaos.speech = { slowMs: 60_000 }
  const late = engine.render('One moment, please.')
  const refused = expect(late).rejects.toBeInstanceOf(EngineLost)
  engine.close()
  await refused
})

/** A server that speaks, and drops the line in the midst of a sentence once it is told to. */
async function startSpeaker(onTestFinished: (close: () => void) => void) {
  const asked: { instructions?: string; input: string }[] = []
  const speaker = { asked, drops: false, server: { apiKey: 'sk', baseUrl: '' } }
  const server = createServer(async (request, response) => {
    asked.push((await json(request)) as (typeof asked)[number])
    response.writeHead(200, { 'content-type': 'audio/pcm' })
    // A second of it.
    response.write(Buffer.alloc(48_000), () => (speaker.drops ? response.destroy() : response.end()))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  speaker.server.baseUrl = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1`
  return speaker
}

test('of speech that breaks off nobody is told that it was whole', async ({ onTestFinished }) => {
  const speaker = await startSpeaker(onTestFinished)
  const { engine, events, next, hear } = await start({ elsewhere: { speech: speaker.server } })
  await next('response_done')
  await hear('Yes, I have a moment.')
  speaker.drops = true
  const before = events.length
  engine.createResponse('Say exactly: "It costs a hundred a month, and there is a lot more to say about the fees."')
  expect(await next('response_done')).toMatchObject({ failure: expect.any(String) })
  const told = events.slice(before).map(({ type }) => type)
  expect(told).toContain('audio')
  expect(told).not.toContain('audio_done')
})

test('a voice speaks in the manner that the workspace gives it', async ({ onTestFinished }) => {
  const speaker = await startSpeaker(onTestFinished)
  const manner = 'Calm and low, like a night radio host.'
  const { next } = await start({ elsewhere: { speech: speaker.server }, conversation: { manner } })
  await next('response_done')
  expect(speaker.asked[0]).toMatchObject({
    input: conversation.greeting,
    instructions: expect.stringContaining(manner),
  })
})

/** Its text is asked of a server that remembers what it was asked, and answers nothing. */
async function remembered(onTestFinished: (run: () => void) => void) {
  const asked: Record<string, unknown>[] = []
  let told = () => {}
  const server = createServer(async (request, response) => {
    asked.push((await json(request)) as Record<string, unknown>)
    response.writeHead(400).end()
    told()
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  onTestFinished(() => void server.close())
  const { port } = server.address() as AddressInfo
  const { engine, next } = await start({
    elsewhere: { text: { apiKey: 'sk', baseUrl: `http://127.0.0.1:${port}/v1` } },
  })
  await next('response_done')
  const isAsked = new Promise<void>((resolve) => {
    told = resolve
  })
  return { engine, asked, isAsked }
}

test('a line of the platform is no occasion for a tool', async ({ onTestFinished }) => {
  const { engine, asked, isAsked } = await remembered(onTestFinished)
  engine.createResponse('Speak pt. Thank the caller and say goodbye in one short sentence. Ask nothing.')
  await isAsked
  expect(asked).toMatchObject([{ tool_choice: 'none', tools: expect.any(Array) }])
})

test('a cascade that is closed asks nobody for anything', async ({ onTestFinished }) => {
  const { engine, asked } = await remembered(onTestFinished)
  engine.close()
  engine.createResponse()
  const other = await remembered(onTestFinished)
  other.engine.createResponse()
  await other.isAsked
  expect(asked).toEqual([])
})

/** A cascade over stages that do what the test says, greeted and asked something. */
async function scripted() {
  const stages = await startStages(onTestFinished)
  const { engine, events, next, saidIn } = await start({ baseUrl: stages.baseUrl })
  await next('response_done')
  stages.hear('item_u1', 'Yes?')
  await next('heard')
  /** Its answer to what there is: how that ended, what was said in words, and for how long. */
  async function answers() {
    const from = events.length
    engine.createResponse()
    const { response, failure, toolCalls } = await next('response_done')
    const told = events.slice(from)
    const audioMs = told.reduce((sum, event) => sum + (event.type === 'audio' ? event.audio.length / 8 : 0), 0)
    return { failure, calls: toolCalls.map(({ name }) => name), said: saidIn(response), audioMs, told }
  }
  /** What the model is given of what the agent has said since the greeting. */
  async function remembered() {
    stages.text = [words('Fine.'), finish('stop')]
    await answers()
    return stages.chats
      .at(-1)!
      .filter(({ role }) => role === 'assistant')
      .slice(1)
      .map(({ content }) => content)
  }
  return { stages, engine, events, next, answers, remembered }
}

const half = 'One sentence is whole. And ano'

test('an answer that breaks off calls nothing and is no whole one; what was whole is heard', async () => {
  const { stages, answers, remembered } = await scripted()
  stages.text = [called('end_call', '')]
  expect(await answers()).toMatchObject({ failure: 'the answer broke off', calls: [], said: '' })
  stages.text = [words(half), called('end_call', '')]
  const said = 'One sentence is whole.'
  expect(await answers()).toMatchObject({ failure: 'the answer broke off', calls: [], said, audioMs: 1_320 })
  expect(await remembered()).toEqual(['One sentence is whole. —'])
})

test('an answer that has not even begun is asked for once more', async () => {
  const { stages, answers } = await scripted()
  stages.text = []
  const { failure, told } = await answers()
  expect(failure).toBe('the answer broke off')
  expect(told.filter(({ type }) => type === 'retried')).toHaveLength(1)
})

test.each(['length', 'content_filter'])(
  'a model that was stopped (%s) calls nothing, and reads where',
  async (reason) => {
    const { stages, answers, remembered } = await scripted()
    stages.text = [called('save_answer', '{"slot":"ne'), finish(reason)]
    expect(await answers()).toMatchObject({ failure: 'the answer broke off', calls: [] })
    stages.text = [words('One sentence is whole.'), called('save_answer', '{"slot":"ne'), finish(reason)]
    expect(await answers()).toMatchObject({ failure: null, calls: [], said: 'One sentence is whole.' })
    expect(await remembered()).toEqual(['One sentence is whole. —'])
  },
)

test.each(['stop', 'tool_calls', 'function_call'])(
  'whichever way a server says that it is done (%s)',
  async (reason) => {
    const { stages, answers } = await scripted()
    stages.text = [words('One moment.'), { choices: [] }, called('end_call', '{}'), finish(reason), { choices: [] }]
    expect(await answers()).toMatchObject({ failure: null, calls: ['end_call'], said: 'One moment.' })
  },
)

test('speech that fails is no reason to cut the sentence before it', async () => {
  const { stages, answers, remembered } = await scripted()
  stages.text = [words('The first is heard whole. The second is not. '), words('Nor the third.'), finish('stop')]
  const { speak } = stages
  stages.speak = (response, input) => {
    if (input === 'The second is not.') return refuse(response, 500)
    // The first comes slowly, as speech does, and goes on long after the second has failed.
    response.write(pcm(500))
    setTimeout(() => response.end(pcm(500)), 600)
  }
  const { failure, said, audioMs, told } = await answers()
  expect({ failure, said, audioMs }).toEqual({
    ...{ failure: expect.stringContaining('refused'), said: 'The first is heard whole.', audioMs: 1_000 },
  })
  // The loop may take it for whole.
  expect(told.map(({ type }) => type)).toContain('audio_done')
  expect(stages.said).not.toContain('Nor the third.')
  stages.speak = speak
  expect(await remembered()).toEqual(['The first is heard whole. —'])
})

test('a session that is lost while the phone rings has said nothing', async () => {
  const stages = await startStages(onTestFinished)
  const { engine, next } = await start({ baseUrl: stages.baseUrl, ringsMs: 1_000 })
  await engine.ready
  const { socket } = stages
  // The greeting has come.
  await expect.poll(() => stages.said).toHaveLength(1)
  await new Promise((resolve) => setTimeout(resolve, 200))
  socket?.terminate()
  await next('response_done')
  expect(stages.socket).not.toBe(socket)
  engine.createResponse()
  await next('response_done')
  expect(stages.chats).toEqual([[{ role: 'assistant', content: conversation.greeting }]])
})

test('speech without a sound is none: tried again, and not remembered', async () => {
  const { stages, answers, remembered } = await scripted()
  const { speak } = stages
  let empty = 1
  stages.speak = (response, input) =>
    input === 'It costs a hundred.' && empty-- > 0 ? response.end() : speak(response, input)
  stages.text = [words('Here it is for you. It costs a hundred.'), finish('stop')]
  const once = await answers()
  expect(once).toMatchObject({ failure: null, said: 'Here it is for you. It costs a hundred.' })
  expect(once.told.filter(({ type }) => type === 'retried')).toHaveLength(1)
  empty = 2
  expect(await answers()).toMatchObject({ failure: 'no speech came', said: 'Here it is for you.' })
  // Not even a whole sample.
  stages.speak = (response) => void response.end('x')
  expect(await answers()).toMatchObject({ failure: 'no speech came', said: '', audioMs: 0 })
  stages.speak = speak
  expect(await remembered()).toEqual(['Here it is for you. It costs a hundred.', 'Here it is for you. —'])
})

test('what cannot be spoken is left out, of the speech and of what is written down', async () => {
  const { stages, answers, remembered } = await scripted()
  stages.text = [words('## Options\n- **Tuesday'), words('** at ten.\n- *Wednesday* at two. 🎉'), finish('stop')]
  const before = stages.said.length
  const { said } = await answers()
  expect(stages.said.slice(before)).toEqual(['Options\nTuesday at ten.', 'Wednesday at two.'])
  expect(said).toBe('Options\nTuesday at ten. Wednesday at two.')
  expect(await remembered()).toEqual([said])
})

test('a sentence that the speech server will not speak is left out, but not all of them', async () => {
  const { stages, answers, remembered } = await scripted()
  const { speak } = stages
  stages.text = [words('The first is declined. The second is heard. And the third.'), finish('stop')]
  stages.speak = (response, input) => (input.includes('first') ? refuse(response, 400) : speak(response, input))
  const { failure, said, told } = await answers()
  expect({ failure, said }).toEqual({ failure: null, said: 'The second is heard. And the third.' })
  expect(told.filter(({ type }) => type === 'complaint' || type === 'retried')).toEqual([
    { type: 'complaint', code: 'refused', message: expect.stringContaining('not this') },
  ])
  stages.speak = (response) => refuse(response, 400)
  expect(await answers()).toMatchObject({ failure: expect.stringContaining('not this'), said: '' })
  stages.speak = speak
  expect(await remembered()).toEqual([said])
})

test('words are waited for once, however often they are asked for, and until nobody wants them', async () => {
  const stages = await startStages(onTestFinished)
  const time = virtualClock()
  const { engine, next } = await start({ baseUrl: stages.baseUrl, clock: time.clock })
  await next('response_done')
  stages.hear('item_u1')
  await next('committed')
  await time.pass(3_000)
  engine.createResponse()
  const { response } = await next('response_started')
  engine.cancelResponse(response)
  await next('response_done')
  engine.createResponse()
  await next('response_started')
  await time.pass(1_900)
  expect(stages.chats).toEqual([])
  await time.pass(200)
  expect(await next('response_done')).toMatchObject({ failure: null })
  expect(stages.chats.at(-1)).toContainEqual({ role: 'user', content: '(inaudible)' })
  // An echo has none.
  stages.hear('item_u2')
  await next('committed')
  engine.createResponse()
  await next('response_started')
  engine.deleteItem('item_u2')
  expect(await next('response_done')).toMatchObject({ failure: null })
})
