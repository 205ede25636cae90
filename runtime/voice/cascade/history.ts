import type { ChatCompletionMessageParam } from 'openai/resources/chat/completions'
import type { ToolCall } from '../engine-events.ts'
import type { Said } from '../memory.ts'
import { heardText } from '../transcript.ts'

/** A conversation as it was heard, in the words that a text model is given. A pure machine. */
export interface History {
  /** The caller has spoken; the words come later. */
  leadSpoke(item: string): void
  leadSaid(item: string, text: string): void
  /** What the caller said whose words are still to come. */
  readonly awaited: readonly string[]
  /** The words of these are waited for no longer; should they come later, they are said all the same. */
  giveUp(items: readonly string[]): void
  /** An answer to all of the above is asked for: here it stands, whatever comes while it is being made. */
  agentAnswers(item: string): void
  /** More that the agent says in one item, before its audio. */
  agentSays(item: string, text: string): void
  /** So much audio of the item's last words has come; `whole`: no more will. */
  agentAudio(item: string, ms: number, whole: boolean): void
  /** The rest of it never came: what had come by then was said. */
  broken(item: string): void
  /** Functions that the agent called beside an item, or alone. */
  agentCalls(item: string, calls: readonly ToolCall[]): void
  output(callId: string, output: string): void
  note(role: 'user' | 'system', text: string): void
  /** Only the first so many milliseconds of the item were heard. */
  truncate(item: string, heardMs: number): void
  /** Nobody heard it, or it plays no part. What was called beside it stays. */
  remove(item: string): void
  /** Begins anew from what was said. */
  replay(said: readonly Said[]): void
  messages(instructions: string): ChatCompletionMessageParam[]
}

interface Part {
  text: string
  ms: number
  whole: boolean
}
type Entry =
  | { kind: 'lead'; item: string; text: string | null }
  | { kind: 'agent'; item: string; parts: Part[]; cut: boolean; calls: readonly ToolCall[] }
  | { kind: 'note'; role: 'user' | 'system'; text: string }

/** An hour of talk; of a longer call the model sees the newest. */
const maxEntries = 500
const INAUDIBLE = '(inaudible)'
/** A model that reads where it was cut does not take the rest for said. */
const CUT = ' —'
const NO_RESULT = '{"error":"There is no result yet."}'

export function createHistory(): History {
  let entries: Entry[] = []
  const outputs = new Map<string, string>()

  function add(entry: Entry): void {
    entries.push(entry)
    if (entries.length <= maxEntries) return
    const dropped = entries.shift()!
    if (dropped.kind === 'agent') for (const { callId } of dropped.calls) outputs.delete(callId)
  }

  function agent(item: string): Extract<Entry, { kind: 'agent' }> {
    const known = entries.find((entry) => entry.kind === 'agent' && entry.item === item)
    if (known?.kind === 'agent') return known
    const made: Entry = { kind: 'agent', item, parts: [], cut: false, calls: [] }
    add(made)
    return made
  }

  const lead = (item: string) => entries.find((entry) => entry.kind === 'lead' && entry.item === item)

  function agentMessages(entry: Extract<Entry, { kind: 'agent' }>): ChatCompletionMessageParam[] {
    const said = entry.parts.map(({ text }) => text).join(' ')
    const content = said === '' ? null : `${said}${entry.cut ? CUT : ''}`
    if (entry.calls.length === 0) return content === null ? [] : [{ role: 'assistant', content }]
    // A call without a result right behind it is refused, so what was said meanwhile comes after.
    return [
      { role: 'assistant', content, tool_calls: entry.calls.map(toolCall) },
      ...entry.calls.map(({ callId }) => ({
        ...{ role: 'tool' as const, tool_call_id: callId, content: outputs.get(callId) ?? NO_RESULT },
      })),
    ]
  }

  return {
    leadSpoke(item) {
      if (!lead(item)) add({ kind: 'lead', item, text: null })
    },
    leadSaid(item, text) {
      const entry = lead(item)
      if (entry?.kind === 'lead') entry.text = text.trim()
    },
    get awaited() {
      return entries.filter(isAwaited).map(({ item }) => item)
    },
    giveUp(items) {
      for (const entry of entries.filter(isAwaited)) if (items.includes(entry.item)) entry.text = ''
    },
    agentAnswers(item) {
      agent(item)
    },
    agentSays(item, text) {
      const entry = agent(item)
      if (!entry.cut) entry.parts.push({ text, ms: 0, whole: false })
    },
    agentAudio(item, ms, whole) {
      const last = agent(item).parts.at(-1)
      if (last) Object.assign(last, { ms: last.ms + ms, whole })
    },
    broken(item) {
      const entry = entries.find((one) => one.kind === 'agent' && one.item === item)
      if (entry?.kind !== 'agent') return
      entry.parts = heardParts(entry.parts, Number.POSITIVE_INFINITY)
      entry.cut = true
    },
    agentCalls(item, calls) {
      agent(item).calls = calls
    },
    output(callId, output) {
      const isKnown = entries.some(
        (entry) => entry.kind === 'agent' && entry.calls.some((call) => call.callId === callId),
      )
      if (isKnown) outputs.set(callId, output)
    },
    note: (role, text) => add({ kind: 'note', role, text }),
    truncate(item, heardMs) {
      const entry = entries.find((one) => one.kind === 'agent' && one.item === item)
      if (entry?.kind !== 'agent') return
      entry.parts = heardParts(entry.parts, heardMs)
      entry.cut = true
    },
    remove(item) {
      entries = entries.filter((entry) => entry.kind === 'note' || entry.item !== item || hasCalls(entry))
      const left = entries.find((entry) => entry.kind === 'agent' && entry.item === item)
      if (left?.kind === 'agent') Object.assign(left, { parts: [], cut: true })
    },
    replay(said) {
      entries = []
      outputs.clear()
      for (const { role, text, interrupted } of said) {
        if (role === 'agent')
          add({ kind: 'agent', item: '', parts: [{ text, ms: 0, whole: true }], cut: interrupted, calls: [] })
        else add({ kind: 'note', role: role === 'lead' ? 'user' : 'system', text })
      }
    },
    messages: (instructions) => [
      { role: 'system', content: instructions },
      ...entries.flatMap((entry): ChatCompletionMessageParam[] => {
        if (entry.kind === 'agent') return agentMessages(entry)
        if (entry.kind === 'lead') return [{ role: 'user', content: entry.text || INAUDIBLE }]
        return [{ role: entry.role, content: entry.text }]
      }),
    ],
  }
}

const isAwaited = (entry: Entry): entry is Extract<Entry, { kind: 'lead' }> =>
  entry.kind === 'lead' && entry.text === null

const hasCalls = (entry: Entry) => entry.kind === 'agent' && entry.calls.length > 0

const toolCall = ({ callId, name, arguments: given }: ToolCall) => ({
  ...{ id: callId, type: 'function' as const, function: { name, arguments: given } },
})

/** Whole sentences as far as they were heard, and of the one that was cut the words that fit. */
function heardParts(parts: readonly Part[], heardMs: number): Part[] {
  let leftMs = heardMs
  const kept: Part[] = []
  for (const part of parts) {
    const ms = Math.min(leftMs, part.ms)
    leftMs -= ms
    const { whole } = part
    const text =
      whole && ms === part.ms ? part.text : heardText(part.text, { heardMs: ms, receivedMs: part.ms, finished: whole })
    if (ms > 0 && text.trim() !== '') kept.push({ text: text.trim(), ms, whole })
  }
  return kept
}
