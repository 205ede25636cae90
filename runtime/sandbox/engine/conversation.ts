import { randomBytes } from 'node:crypto'
import type { ConversationItem } from 'openai/resources/realtime/realtime'
import type { MindItem } from './mind.ts'
import { Refusal } from './shape.ts'

/** One item of the conversation, with what the server knows of it beside what it tells. */
export interface Entry {
  id: string
  item: ConversationItem
  /** What was recognised in a user's audio. */
  heard?: string
  /** Assistant audio made so far, sentence by sentence, in bytes of μ-law. */
  spoken?: { text: string; bytes: number }[]
  truncated?: boolean
}

export interface Conversation {
  /**
   * Inserts after `previousId` (`root` = first; absent = last) and returns the id now before it.
   * @throws {Refusal} on an unknown previous item or an id that exists
   */
  add(entry: Entry, previousId?: string): string | null
  /** @throws {Refusal} `item_<verb>_invalid_item_id` when there is none */
  find(id: string, verb: 'retrieve' | 'truncate' | 'delete'): Entry
  /** @throws {Refusal} when there is none */
  remove(id: string): void
  /** Cuts assistant audio. @throws {Refusal} as the API does at 0, past the end, or on anything else */
  truncate(id: string, audioEndMs: number): void
  readonly lastId: string | null
  /** What a model would see, in order. */
  seen(): MindItem[]
}

export const newId = (prefix: string) => `${prefix}_${randomBytes(15).toString('base64url').replace(/[-_]/g, 'x')}`

export const audioMs = (entry: Entry) => (entry.spoken ?? []).reduce((sum, part) => sum + part.bytes, 0) / 8

const ENTRIES_MAX = 2000

export function createConversation(): Conversation {
  const entries: Entry[] = []

  return {
    add(entry, previousId) {
      if (entries.some(({ id }) => id === entry.id)) {
        const message = `Error adding item: an item with id '${entry.id}' already exists.`
        throw new Refusal('item_create_duplicate_item_id', message, 'item.id')
      }
      if (entry.item.type === 'function_call_output') requireCall(entries, entry.item.call_id)
      const at = placeOf(entries, previousId)
      entries.splice(at, 0, entry)
      if (entries.length > ENTRIES_MAX) entries.shift()
      return entries[at - 1]?.id ?? null
    },
    find(id, verb) {
      const entry = entries.find((each) => each.id === id)
      if (entry) return entry
      const message = `Error ${gerund[verb]} item: the item with id '${id}' does not exist.`
      throw new Refusal(`item_${verb}_invalid_item_id`, message, 'item_id')
    },
    remove(id) {
      entries.splice(entries.indexOf(this.find(id, 'delete')), 1)
    },
    truncate(id, audioEndMs) {
      const entry = this.find(id, 'truncate')
      // Code and words as reported in https://github.com/livekit/agents/pull/6158: also the answer at 0.
      if (!entry.spoken || audioEndMs === 0) {
        throw new Refusal('unsupported_content_type', 'Only model output audio messages can be truncated')
      }
      // https://github.com/twilio-samples/speech-assistant-openai-realtime-api-python/issues/45
      if (audioEndMs > audioMs(entry)) {
        const message = `Audio content of ${audioMs(entry)}ms is already shorter than ${audioEndMs}ms`
        throw new Refusal('invalid_value', message, 'audio_end_ms')
      }
      entry.spoken = cut(entry.spoken, audioEndMs * 8)
      entry.truncated = true
    },
    get lastId() {
      return entries.at(-1)?.id ?? null
    },
    seen: () => entries.flatMap((entry) => mindItem(entry) ?? []),
  }
}

const gerund = { retrieve: 'retrieving', truncate: 'truncating', delete: 'deleting' }

function placeOf(entries: Entry[], previousId: string | undefined): number {
  if (previousId === undefined) return entries.length
  if (previousId === 'root') return 0
  const at = entries.findIndex(({ id }) => id === previousId)
  if (at >= 0) return at + 1
  const message = `Error adding item: the previous item with id '${previousId}' does not exist.`
  throw new Refusal('item_create_invalid_previous_item_id', message, 'previous_item_id')
}

function requireCall(entries: Entry[], callId: string): void {
  if (entries.some(({ item }) => item.type === 'function_call' && item.call_id === callId)) return
  const message = `Tool call ID '${callId}' not found in conversation.`
  throw new Refusal('invalid_tool_call_id', message, 'item.call_id')
}

/** Keeps the first `bytes` of the audio, and of the text the words that fall into them. */
function cut(spoken: { text: string; bytes: number }[], bytes: number): { text: string; bytes: number }[] {
  let left = bytes
  return spoken.flatMap((part) => {
    const kept = Math.min(left, part.bytes)
    left -= kept
    if (kept === 0) return []
    const words = part.text.split(' ')
    return { text: words.slice(0, Math.round((words.length * kept) / part.bytes)).join(' '), bytes: kept }
  })
}

function mindItem({ item, heard, spoken, truncated }: Entry): MindItem | undefined {
  if (item.type === 'function_call') {
    return { kind: 'called', name: item.name, callId: item.call_id ?? '', args: parsed(item.arguments) }
  }
  if (item.type === 'function_call_output') return { kind: 'output', callId: item.call_id, output: parsed(item.output) }
  if (item.type !== 'message') return undefined
  if (item.role === 'system') return told(parsed(item.content[0]?.text ?? ''))
  if (heard !== undefined) return heard === '' ? undefined : { kind: 'heard', text: heard }
  const text = spoken?.map((part) => part.text).join(' ') ?? item.content.map((part) => part.text ?? '').join(' ')
  if (text === '') return undefined
  return item.role === 'user' ? { kind: 'heard', text } : { kind: 'said', text, cut: truncated ?? false }
}

/** Of the platform's notes the mind knows those of transfers. */
export const told = (news: Record<string, unknown>): MindItem | undefined =>
  'ringing' in news || 'transferred' in news ? { kind: 'told', news } : undefined

export function parsed(json: string): Record<string, unknown> {
  try {
    const value = JSON.parse(json) as unknown
    return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : { value }
  } catch {
    return { value: json }
  }
}
