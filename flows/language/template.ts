import { nearest } from '../../openapi/nearest.ts'

/** What the fields of a template are filled from; what is null or absent is left out of the text. */
export interface TemplateFields {
  /** Of the lead; `{first_name}` is its first word. */
  name?: string | null
  business?: string | null
  agent?: string | null
  source?: string | null
  campaign?: string | null
  intent?: string | null
  language?: string | null
  external_id?: string | null
  metadata?: Readonly<Record<string, string>> | null
  answers?: Readonly<Record<string, string>> | null
  /** `slot` as it is spoken; `calendar_url` of the appointment as a file. */
  booking?: { slot?: string | null; owner?: string | null; calendar_url?: string | null } | null
}

/** Which fields a template may have besides those of the lead. */
export interface TemplateScope {
  /** Names of the flow's slots; null: any; none before the call. */
  slots: readonly string[] | null
  booking: boolean
}

export interface TemplateFault {
  /** Offset in the template. */
  at: number
  message: string
  suggestion?: string
}

const PLAIN = [
  ...(['name', 'first_name', 'business', 'agent', 'source', 'campaign', 'intent', 'language'] as const),
  'external_id' as const,
]
const LINK = 'booking.calendar_url'
const BOOKING = ['booking.slot', 'booking.owner', LINK]
/** `{{` stands for `{`; a field is whatever else stands in braces. */
const PIECE = /\{\{|\{([^{}]*)\}/g
const MAX_VALUE = 200
/** Where a sentence begins, as the last character before it: none, or one that nothing separates from what follows. */
const OPENING = /^[\n(“«]?$/
const SENTENCE_END = /[.?!…:;。？！]/
const COMMA = /[,،，、]/
const COMMAS = /^[,،，、]*/
const SEPARATORS = /^[ ,،，、]*/
/** What needs no comma before it. */
const CLOSING = /^(?:\s*(?:$|[.?!…:;。？！؟,،，、])|[)"”»])/

/**
 * Fills the fields of a template: `{name}`, `{metadata.car}`, `{answers.budget}`, `{booking.slot}` …; `{{` is `{`. A value that is
 * missing leaves nothing behind, not even the space before it ("Hi {name}," → "Hi,") or a comma that then separates nothing
 * ("Thanks, {name}!" → "Thanks!").
 * Values are data of strangers: control characters are dropped, and only their first 200 characters count.
 * @param encode for the place where the text ends up.
 */
export function fill(template: string, fields: TemplateFields, encode = (value: string) => value): string {
  let filled = ''
  let after = 0
  for (const piece of template.matchAll(PIECE)) {
    filled += template.slice(after, piece.index)
    after = piece.index + piece[0].length
    const value = piece[1] === undefined ? '{' : encode(valueIn(piece[1], fields))
    if (value === '') {
      while (filled.endsWith(' ')) filled = filled.slice(0, -1)
      const rest = template.slice(after)
      const before = filled.at(-1) ?? ''
      if (OPENING.test(before)) after += SEPARATORS.exec(rest)![0].length
      else if (SENTENCE_END.test(before)) after += COMMAS.exec(rest)![0].length
      else if (COMMA.test(before) && CLOSING.test(rest)) filled = filled.slice(0, -1).trimEnd()
    }
    filled += value
  }
  return filled + template.slice(after)
}

/** The fields of a template, in order, whether they exist or not. */
export function fieldsIn(template: string): { name: string; at: number }[] {
  return [...template.matchAll(PIECE)].flatMap(({ 1: name, index: at }) => (name === undefined ? [] : [{ name, at }]))
}

/** Fields that a template cannot have. */
export function templateFaults(template: string, scope: TemplateScope): TemplateFault[] {
  const handlebars = /\{\{ ?([a-z_]+(?:\.[^{}]+)?) ?\}\}/.exec(template)
  if (handlebars && isKnown(handlebars[1]!, scope)) {
    const suggestion = `{${handlebars[1]}}`
    return [{ at: handlebars.index, message: 'a field stands in single braces', suggestion }]
  }
  return fieldsIn(template).flatMap(({ name, at }) => {
    if (isKnown(name, scope)) return []
    return [{ at, ...faultOf(name, scope) }]
  })
}

function isKnown(name: string, { slots, booking }: TemplateScope): boolean {
  const [, kind, key] = /^(metadata|answers)\.(.+)$/s.exec(name) ?? []
  if (kind === 'metadata') return true
  if (kind === 'answers') return slots === null || slots.includes(key!)
  return PLAIN.some((plain) => plain === name) || (booking && BOOKING.includes(name))
}

function faultOf(name: string, { slots, booking }: TemplateScope): { message: string; suggestion?: string } {
  const shown = name.length > 40 ? `${name.slice(0, 39)}…` : name
  if (BOOKING.includes(name)) return { message: `{${shown}} is known only in what follows booked` }
  if (name.startsWith('answers.') && slots?.length === 0)
    return { message: `{${shown}} is not known here: nothing has been asked yet` }
  const ofMetadata = name.includes('.') ? [`metadata${name.slice(name.indexOf('.'))}`] : []
  const known = [...PLAIN, ...(booking ? BOOKING : []), ...(slots ?? []).map((slot) => `answers.${slot}`)]
  const meant = nearest(name.trim(), [...known, ...ofMetadata])
  if (meant) return { message: `there is no field {${shown}}`, suggestion: `{${meant}}` }
  return { message: `there is no field {${shown}}; known: ${known.join(', ')}, metadata.KEY; write {{ for a brace` }
}

/** A link of ours is whole or of no use. */
const valueIn = (name: string, fields: TemplateFields): string =>
  name === LINK ? fieldValue(name, fields) : clean(fieldValue(name, fields))

function fieldValue(name: string, fields: TemplateFields): string {
  if (name === 'first_name') return fields.name?.trim().split(/\s+/u)[0] ?? ''
  const plain = PLAIN.find((known) => known === name)
  if (plain && plain !== 'first_name') return fields[plain] ?? ''
  const [, kind, key] = /^(metadata|answers|booking)\.(.+)$/s.exec(name) ?? []
  const values = kind && (fields[kind as 'metadata' | 'answers' | 'booking'] as Record<string, string | null> | null)
  return (values && Object.hasOwn(values, key!) && values[key!]) || ''
}

/** Control characters and those that turn the direction of the text round them are dropped; line breaks become spaces. */
function clean(value: string): string {
  const plain = value.replace(/\s+/gu, ' ').replace(/[\p{Cc}\u202a-\u202e\u2066-\u2069]/gu, '')
  return [...plain].slice(0, MAX_VALUE).join('').trim()
}
