import { type ChangeObject, diffArrays, diffLines, diffWords, diffWordsWithSpace } from 'diff'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import { SLOT_DEFAULTS } from './defaults.ts'
import { type Keys, keysOf } from './flow-keys.ts'

/** A piece of a text: in both, only in the later one (`added`) or only in the earlier one (`removed`). */
export interface Words {
  text: string
  added?: true
  removed?: true
}

export interface FlowDiff {
  /** As the file writes them, with its dotted path; null where one of them says nothing. */
  settings: { path: string; before: unknown; after: unknown }[]
  /** What the agent says and is told, word by word. */
  texts: { path: string; words: Words[] }[]
}

/** Keys whose text is told word by word. */
const TEXTS = /^agent\.(?:greeting|manner|knowledge|prompt)$|^call\.voicemail_message$|\.(?:question|description)$/

/** Finds words in any script. */
const segmenter = new Intl.Segmenter('und', { granularity: 'word' })
/** Edits after which a text counts as another one: the work grows with their square. */
const MAX_EDITS = 2_000

/** What changed from one version of a flow to another; both lists are empty when they mean the same. */
export function diffFlows(before: Flow, after: Flow): FlowDiff {
  const [old, now] = [flat(before), flat(after)]
  const diff: FlowDiff = { settings: [], texts: [] }
  for (const path of pathsOf(old, now)) {
    const [was, is] = [old.get(path) ?? null, now.get(path) ?? null]
    if (JSON.stringify(was) === JSON.stringify(is)) continue
    // Of a slot that comes or goes nobody wrote what it has without a word.
    if ((was === null || is === null) && isImplied(path, was ?? is)) continue
    if (TEXTS.test(path)) diff.texts.push({ path, words: diffText(text(was), text(is)) })
    else diff.settings.push({ path, before: was, after: is })
  }
  return diff
}

function isImplied(path: string, value: unknown): boolean {
  const [, key] = /^qualify\.[^.]+\.(\w+)$/.exec(path) ?? []
  const implied =
    key && Object.hasOwn(SLOT_DEFAULTS, key) ? SLOT_DEFAULTS[key as keyof typeof SLOT_DEFAULTS] : undefined
  return implied !== undefined && JSON.stringify(implied) === JSON.stringify(value)
}

/** The words of two texts; of two that have nearly nothing in common their lines, or both whole. */
export function diffText(before: string, after: string): Words[] {
  const options = { maxEditLength: MAX_EDITS }
  const words = diffWords(before, after, { ...options, intlSegmenter: segmenter })
  const isSpacing = words?.every(({ added, removed }) => !added && !removed)
  const changes = isSpacing ? diffWordsWithSpace(before, after, options) : (words ?? diffLines(before, after, options))
  if (!changes)
    return [
      { text: before, removed: true as const },
      { text: after, added: true as const },
    ]
  return changes.map(wordsOf)
}

const wordsOf = ({ value, added, removed }: ChangeObject<string>): Words => ({
  text: value,
  ...(added ? { added: true as const } : {}),
  ...(removed ? { removed: true as const } : {}),
})

const text = (value: unknown) => (typeof value === 'string' ? value : '')

/** Settings by their dotted paths. Slots and tools have theirs by name, and their order is a setting of its own. */
function flat(flow: Flow): Map<string, unknown> {
  const { qualify, tools, ...sections } = keysOf(flow)
  const settings = new Map<string, unknown>()
  const add = (path: string, keys: Keys) => {
    for (const [key, value] of Object.entries(keys)) settings.set(`${path}.${key}`, value)
  }
  settings.set('id', sections.id)
  for (const section of ['match', 'call', 'agent'] as const) add(section, sections[section])
  settings.set('qualify', Object.keys(qualify))
  for (const [name, slot] of Object.entries(qualify)) add(`qualify.${name}`, slot)
  settings.set('tools', Object.keys(tools))
  for (const [name, tool] of Object.entries(tools)) add(`tools.${name}`, tool)
  add('on', sections.on)
  return settings
}

/** Every path of both once; those of a slot or tool that is gone stand where they stood. */
const pathsOf = (old: Map<string, unknown>, now: Map<string, unknown>): string[] => [
  ...new Set(diffArrays([...old.keys()], [...now.keys()]).flatMap(({ value }) => value)),
]
