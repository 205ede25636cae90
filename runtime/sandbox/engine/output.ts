import type { ConversationItem, RealtimeResponse, RealtimeServerEvent } from 'openai/resources/realtime/realtime'
import { type Conversation, type Entry, newId } from './conversation.ts'
import type { Step } from './mind.ts'

/** Of all server events that of a SIP call alone has no id. */
export type ServerEvent = Extract<RealtimeServerEvent, { event_id: string }>

/** A server event without the id that the session gives it. */
export type Outgoing = ServerEvent extends infer E ? (E extends unknown ? Omit<E, 'event_id'> : never) : never

/** Where the items of a response go. */
export interface Outlet {
  conversation: Conversation
  send(event: Outgoing): void
}

/** The place of one item in its response. */
export interface Place {
  responseId: string
  outputIndex: number
  /** Out of band: the conversation does not keep it. */
  outside: boolean
  /** The response's own list of finished items. */
  output: ConversationItem[]
}

/** Announces an item that begins: in the response, and (unless out of band) in the conversation. */
function begin(on: Outlet, place: Place, entry: Entry): void {
  const { responseId: response_id, outputIndex: output_index } = place
  on.send({ type: 'response.output_item.added', response_id, output_index, item: entry.item })
  if (place.outside) return
  const previous_item_id = on.conversation.add(entry)
  on.send({ type: 'conversation.item.added', previous_item_id, item: entry.item })
}

function end(on: Outlet, place: Place, entry: Entry): void {
  const { responseId: response_id, outputIndex: output_index } = place
  place.output.push(entry.item)
  on.send({ type: 'response.output_item.done', response_id, output_index, item: entry.item })
  if (!place.outside) on.send({ type: 'conversation.item.done', item: entry.item })
}

/** One spoken message: SDK types ResponseContentPartAddedEvent, ResponseAudioDeltaEvent, ResponseAudioTranscriptDeltaEvent… */
export function openMessage(on: Outlet, place: Place) {
  const entry: Entry = {
    id: newId('item'),
    item: { object: 'realtime.item', type: 'message', role: 'assistant', status: 'in_progress', content: [] },
    spoken: [],
  }
  entry.item.id = entry.id
  const at = { response_id: place.responseId, item_id: entry.id, output_index: place.outputIndex, content_index: 0 }
  let transcript = ''
  begin(on, place, entry)
  on.send({ type: 'response.content_part.added', ...at, part: { type: 'audio', transcript: '' } })
  return {
    begin(text: string, first: boolean): void {
      const delta = first ? text : ` ${text}`
      transcript += delta
      entry.spoken?.push({ text, bytes: 0 })
      for (const word of delta.match(/\s*\S+/g) ?? []) {
        on.send({ type: 'response.output_audio_transcript.delta', ...at, delta: word })
      }
    },
    audio(burst: Buffer): void {
      const part = entry.spoken?.at(-1)
      // A truncated item takes no more: the client has said how much of it counts.
      if (part && !entry.truncated) part.bytes += burst.length
      on.send({ type: 'response.output_audio.delta', ...at, delta: burst.toString('base64') })
    },
    close(status: 'completed' | 'incomplete'): void {
      on.send({ type: 'response.output_audio.done', ...at })
      on.send({ type: 'response.output_audio_transcript.done', ...at, transcript })
      on.send({ type: 'response.content_part.done', ...at, part: { type: 'audio', transcript } })
      entry.item = {
        id: entry.id,
        object: 'realtime.item',
        type: 'message',
        role: 'assistant',
        status,
        content: [{ type: 'output_audio', transcript }],
      }
      end(on, place, entry)
    },
  }
}

/** One function call: SDK types ResponseFunctionCallArgumentsDeltaEvent and …DoneEvent. */
export function callFunction(on: Outlet, step: Extract<Step, { call: string }>, place: Place): void {
  const call_id = newId('call')
  const id = newId('item')
  const base = { id, object: 'realtime.item', type: 'function_call', name: step.call, call_id } as const
  const args = JSON.stringify(step.args)
  const entry: Entry = { id, item: { ...base, status: 'in_progress', arguments: '' } }
  begin(on, place, entry)
  const at = { response_id: place.responseId, item_id: id, output_index: place.outputIndex, call_id }
  for (const delta of args.match(/.{1,24}/gs) ?? [])
    on.send({ type: 'response.function_call_arguments.delta', ...at, delta })
  on.send({ type: 'response.function_call_arguments.done', ...at, name: step.call, arguments: args })
  entry.item = { ...base, status: 'completed', arguments: args }
  end(on, place, entry)
}

/** Token counts of the real order of magnitude: four letters a token, ten tokens a second of audio in and twenty out. */
export function usage(conversation: Conversation, audioBytes: number): RealtimeResponse['usage'] {
  const text = Math.ceil(JSON.stringify(conversation.seen()).length / 4)
  const audio = Math.ceil(audioBytes / 400)
  return {
    input_tokens: text,
    output_tokens: audio + Math.ceil(audio / 4),
    total_tokens: text + audio + Math.ceil(audio / 4),
    input_token_details: { text_tokens: text, audio_tokens: 0, image_tokens: 0, cached_tokens: 0 },
    output_token_details: { text_tokens: Math.ceil(audio / 4), audio_tokens: audio },
  }
}
