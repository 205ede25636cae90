import OpenAI from 'openai'
import type { RealtimeTranscriptionSessionCreateRequest } from 'openai/resources/realtime/realtime'
import type { Timer } from '../../clock.ts'
import { type Engine, type EngineSettings, exactly, exactSentence, vadSilenceMs } from '../engine.ts'
import { type EngineEvent, EngineLost, speechPaddingMs } from '../engine-events.ts'
import { defaultBaseUrl, openSession } from '../engine-session.ts'
import type { Conversation } from '../port.ts'
import { type Answer, answer, itemOf, type Wanted } from './answer.ts'
import { createHistory } from './history.ts'
import { speak } from './speech.ts'

export interface CascadeSettings extends EngineSettings {
  textModel: string
  speechModel: string
  /** Stages that another server does, one that speaks as OpenAI's does. */
  elsewhere?: StageServers
}

export type StageServers = {
  [stage in 'transcription' | 'text' | 'speech']?: { baseUrl: string; apiKey: string } | undefined
}

/** So long the words of what the caller said are waited for from when it was over; then the model is told that they were not understood. */
const wordsWithinMs = 5_000

/**
 * Transcription, a text model and speech in a row, each over its own request: a session that transcribes
 * (https://platform.openai.com/docs/guides/realtime-transcription), chat completions and speech, both streamed. To the loop it is
 * an {@link Engine} like any other; the greeting is being spoken when it is ready.
 */
export function openCascade(settings: CascadeSettings, conversation: Conversation): Engine {
  const { apiKey, baseUrl = defaultBaseUrl, clock, elsewhere = {} } = settings
  const clientOf = (stage: 'text' | 'speech') => {
    const server = elsewhere[stage] ?? { apiKey, baseUrl }
    return new OpenAI({ apiKey: server.apiKey, baseURL: server.baseUrl, maxRetries: 0 })
  }
  const text = { client: clientOf('text'), model: settings.textModel }
  const speech = { client: clientOf('speech'), model: settings.speechModel }
  const history = createHistory()
  const line = openSession({
    settings: { ...settings, ...elsewhere.transcription },
    target: { intent: 'transcription' },
    session: transcription(settings, conversation),
    takes: hear,
    released: forget,
  })
  const answering = { text, speech, clock, conversation, history, tell: onAnswer }
  let active: Answer | undefined
  let answers = 0
  let aside = new AbortController()
  /** Until when the words of each item are waited for. */
  const waits = new Map<string, Timer>()
  /** Who wants all the words there will be. */
  const wanting: (() => void)[] = []
  let closed = false

  /** The history learns first what the loop is told. */
  function hear(event: EngineEvent): boolean {
    if (event.type === 'committed') awaitWords(event.item)
    if (event.type !== 'heard') return false
    history.leadSaid(event.item, event.text ?? '')
    wordsSettled(event.item)
    return false
  }

  function awaitWords(item: string): void {
    history.leadSpoke(item)
    clock.clearTimeout(waits.get(item))
    const late = () => {
      history.giveUp([item])
      wordsSettled(item)
    }
    waits.set(item, clock.setTimeout(late, wordsWithinMs))
  }

  /** They came, or nobody waits for them any more. */
  function wordsSettled(item: string): void {
    clock.clearTimeout(waits.get(item))
    waits.delete(item)
    if (history.awaited.length > 0) return
    for (const go of wanting.splice(0)) go()
  }

  function onAnswer(event: EngineEvent): void {
    if (event.type === 'response_done') active = undefined
    if (event.type === 'lost') line.lost(event.error)
    else line.tell(event)
  }

  function forget(): void {
    active?.drop()
    active = undefined
    aside.abort()
    aside = new AbortController()
  }

  async function messages(item: string, instructions?: string) {
    if (history.awaited.length > 0) await new Promise<void>((resolve) => wanting.push(resolve))
    const all = history.messages(conversation.instructions)
    history.agentAnswers(item)
    return instructions === undefined ? all : [...all, { role: 'system' as const, content: instructions }]
  }

  function ask(instructions?: string): void {
    if (closed) return
    if (active) {
      line.tell({ type: 'ask_refused', busy: true, message: `${active.response} is still being made` })
      return
    }
    answers += 1
    const response = `resp_${answers}`
    const sentence = instructions === undefined ? undefined : exactSentence(instructions)
    if (sentence !== undefined) history.agentAnswers(itemOf(response))
    const wanted: Wanted =
      sentence === undefined
        ? { messages: messages(itemOf(response), instructions), mayCall: instructions === undefined }
        : { sentence }
    active = answer(answering, response, wanted)
  }
  /** As from a server: never while the caller of a method is still at work. */
  const soon = (run: () => void) => queueMicrotask(run)

  line.connect(() => {
    // A session that was lost while the phone rang may have greeted already: nobody heard that.
    history.replay([])
    ask(exactly(conversation.greeting))
    line.stands()
  })

  return {
    kind: 'cascade',
    ready: line.ready,
    opened: line.opened,
    listen: line.listen,
    appendAudio: line.append,
    createResponse: (instructions) => soon(() => ask(instructions)),
    async render(sentence) {
      const { signal } = aside
      const audio = await speak({ ...speech, conversation }, sentence, {
        clock,
        signal,
        retried: (why) => line.tell({ type: 'retried', stage: 'tts', why }),
      })
      const pieces: Buffer[] = []
      for await (const piece of audio) pieces.push(piece)
      if (signal.aborted) throw new EngineLost('the session is gone')
      return Buffer.concat(pieces)
    },
    cancelResponse: (response) => soon(() => active?.response === response && active.cancel()),
    truncate: history.truncate,
    deleteItem(item) {
      history.remove(item)
      wordsSettled(item)
    },
    toolOutput: history.output,
    addText: history.note,
    letGo: line.letGo,
    reopen(said) {
      line.connect(() => {
        history.replay(said())
        line.tell({ type: 'ready' })
      })
    },
    close() {
      closed = true
      for (const timer of waits.values()) clock.clearTimeout(timer)
      line.close()
    },
  }
}

function transcription(
  { transcriptionModel: model }: CascadeSettings,
  { language }: Conversation,
): RealtimeTranscriptionSessionCreateRequest {
  return {
    type: 'transcription',
    audio: {
      input: {
        format: { type: 'audio/pcmu' },
        transcription: { model, language: language.split('-')[0]! },
        turn_detection: {
          type: 'server_vad',
          prefix_padding_ms: speechPaddingMs,
          silence_duration_ms: vadSilenceMs,
        },
      },
    },
  }
}
