import type OpenAI from 'openai'
import type { ChatCompletionChunk, ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { Clock } from '../../clock.ts'
import { type EngineEvent, EngineLost, EngineRefused, type ToolCall } from '../engine-events.ts'
import { bytesPerMs } from '../mulaw.ts'
import type { Conversation } from '../port.ts'
import type { History } from './history.ts'
import { isSpoken, plain } from './plain.ts'
import { createSentences } from './sentences.ts'
import { noSpeech, speak } from './speech.ts'
import { begin, StageDeclined, stageFailure } from './stage.ts'

export interface Answering {
  text: { client: OpenAI; model: string }
  speech: { client: OpenAI; model: string }
  clock: Clock
  conversation: Conversation
  history: History
  tell(event: EngineEvent): void
}

/**
 * What is to be said: one sentence word for word, or what the model makes of these messages once the promise settles. A line of the
 * platform's is no occasion for a tool (`mayCall`).
 */
export type Wanted = { sentence: string } | { messages: Promise<ChatCompletionMessageParam[]>; mayCall: boolean }

export interface Answer {
  readonly response: string
  /** Stops it; its end is told. */
  cancel(): void
  /** Stops it without a word: its session is gone. */
  drop(): void
}

/** What a response says is one item. */
export const itemOf = (response: string) => `item_${response}`

/** A telephone answer is a few sentences; whoever writes more has lost the thread. */
const maxTokens = 1_000
const brokeOff = 'the answer broke off'

/**
 * One response: the text is spoken sentence by sentence as it is written, at most one sentence ahead of the one whose audio comes.
 * Tells its events in the order in which a Realtime session does.
 */
export function answer(on: Answering, response: string, wanted: Wanted): Answer {
  const { text, clock, conversation, history } = on
  const item = itemOf(response)
  const stopped = new AbortController()
  const { signal } = stopped
  /** When the audio of each sentence so far has come. */
  const spoken: Promise<void>[] = []
  let isOver = false
  let hasWords = false
  /** Why a sentence could not be spoken: nothing after it is. */
  let lost: EngineLost | EngineRefused | undefined
  /** The first sentence that the server would not speak. */
  let declined: StageDeclined | undefined
  /** Something of it has a sound. */
  let isHeard = false
  /** What was told ends with a whole sentence. */
  let isWhole = false
  /** The model was stopped before it was done. */
  let isCut = false

  const tell = (event: EngineEvent) => {
    if (!isOver) on.tell(event)
  }
  const stage = (name: 'llm' | 'tts') => ({
    clock,
    signal,
    retried: (why: string) => tell({ type: 'retried', stage: name, why }),
  })

  /** There are words, whatever their sound. */
  function begins(): void {
    if (!hasWords) tell({ type: 'text', response, item, delta: '' })
    hasWords = true
  }

  /**
   * Asks for a sentence's audio once the one before the last has come, and tells it once the last one has. One that fails takes
   * those after it along, none before it; one that is declined is left out.
   */
  function say(sentence: string): void {
    if (lost) return
    const mayAsk = spoken.at(-2) ?? Promise.resolve()
    const before = spoken.at(-1) ?? Promise.resolve()
    const audio = mayAsk.then(() => {
      if (lost) throw lost
      return speak({ ...on.speech, conversation }, sentence, stage('tts'))
    })
    const told = before.then(async () => {
      const pieces = await audio.catch(leaveOut)
      if (signal.aborted || !pieces) return
      let isFirst = true
      for await (const piece of pieces) {
        if (signal.aborted) return
        if (piece.length === 0) continue
        // Of what has no sound yet nothing can have been heard.
        if (isFirst) {
          history.agentSays(item, sentence)
          tell({ type: 'text', response, item, delta: `${isHeard ? ' ' : ''}${sentence}` })
          isHeard = true
          isWhole = false
        }
        isFirst = false
        history.agentAudio(item, piece.length / bytesPerMs, false)
        tell({ type: 'audio', response, item, audio: piece })
      }
      if (isFirst) throw new EngineLost(noSpeech)
      history.agentAudio(item, 0, true)
      isWhole = true
    })
    const leaveOut = (error: unknown) => {
      if (!(error instanceof StageDeclined)) throw error
      declined ??= error
      tell({ type: 'complaint', code: error.code ?? 'declined', message: error.message })
    }
    const fails = (error: unknown) => {
      lost ??= stageFailure(error)
    }
    audio.catch((error) => error instanceof StageDeclined || fails(error))
    told.catch((error) => {
      fails(error)
      stopped.abort()
    })
    spoken.push(told)
  }

  async function think(messages: ChatCompletionMessageParam[], mayCall: boolean): Promise<ToolCall[]> {
    const sentences = createSentences()
    const calls: ToolCall[] = []
    const tools = conversation.tools.map((tool) => ({ type: 'function' as const, function: tool }))
    const offer = tools.length > 0 ? { tools, ...(mayCall ? {} : { tool_choice: 'none' as const }) } : {}
    const { stream, first } = await begin(stage('llm'), async (limit) => {
      const body = { model: text.model, messages, max_completion_tokens: maxTokens, stream: true as const, ...offer }
      const chunks = await text.client.chat.completions.create(body, { signal: limit })
      const stream = chunks[Symbol.asyncIterator]()
      const first = await stream.next()
      if (first.done) throw new EngineLost(brokeOff)
      return { stream, first }
    })
    let finish: Finish = null
    for (let chunk: IteratorResult<ChatCompletionChunk> = first; !chunk.done; chunk = await stream.next()) {
      // Some servers send a chunk without any.
      const choice = chunk.value.choices?.[0]
      const delta = choice?.delta
      finish = choice?.finish_reason ?? finish
      collect(calls, delta?.tool_calls ?? [])
      if (!delta?.content) continue
      if (isSpoken(delta.content)) begins()
      for (const sentence of sentences.push(delta.content)) say(sentence)
    }
    // A connection that closes ends the stream like its end does.
    if (finish === null) throw new EngineLost(brokeOff)
    for (const sentence of sentences.end()) say(sentence)
    isCut = finish === 'length' || finish === 'content_filter'
    // Which of them are half written nobody can say.
    if (isCut) return []
    return calls.filter(({ callId, name }) => callId !== '' && name !== '')
  }

  async function run(): Promise<ToolCall[]> {
    let calls: ToolCall[] = []
    if ('sentence' in wanted) {
      begins()
      say(plain(wanted.sentence, true))
    } else {
      try {
        calls = await think(await wanted.messages, wanted.mayCall)
      } catch (error) {
        // What was written before is said.
        await Promise.all(spoken)
        throw error
      }
    }
    await Promise.all(spoken)
    if (!isHeard && declined) throw declined
    if (spoken.length === 0 && calls.length === 0)
      throw new EngineLost(isCut ? brokeOff : 'the model had nothing to say')
    return calls
  }

  function end(failure: string | null, toolCalls: ToolCall[], code?: string): void {
    if (isOver) return
    // Of what failed in mid-sentence nobody can say that it was whole.
    if (failure === null ? spoken.length > 0 : isWhole) tell({ type: 'audio_done', response, item })
    tell({ type: 'response_done', response, failure, code, toolCalls })
    isOver = true
  }

  tell({ type: 'response_started', response })
  run().then(
    (calls) => {
      if (isOver) return
      if (isCut) history.broken(item)
      if (calls.length > 0) history.agentCalls(item, calls)
      end(null, calls)
    },
    (error) => {
      stopped.abort()
      // The text is stopped for a sentence that failed; what stopped it is told.
      const failure = lost ?? stageFailure(error)
      if (!isOver) history.broken(item)
      if (failure instanceof EngineRefused) tell({ type: 'lost', error: failure })
      else end(failure.message, [], failure.code)
    },
  )

  return {
    response,
    cancel() {
      stopped.abort()
      end(null, [])
    },
    drop() {
      isOver = true
      stopped.abort()
    },
  }
}

type Finish = ChatCompletionChunk.Choice['finish_reason']
type CallDelta = ChatCompletionChunk.Choice.Delta.ToolCall

/** Calls come in pieces, by their index. */
function collect(calls: ToolCall[], deltas: CallDelta[]): void {
  for (const { index, id, function: { name, arguments: given } = {} } of deltas) {
    const call = calls[index] ?? { callId: '', name: '', arguments: '' }
    calls[index] = {
      callId: call.callId || (id ?? ''),
      name: call.name || (name ?? ''),
      arguments: call.arguments + (given ?? ''),
    }
  }
}
