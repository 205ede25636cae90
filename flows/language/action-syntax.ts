import { short } from './reading.ts'

/** A fault with its offset in the text of the actions. */
export interface ActionFault {
  at: number
  message: string
  suggestion?: string
}

/** Offsets are in the same text as those of faults. */
export interface Argument {
  name?: string
  nameAt: number
  value: string
  at: number
  /** A variable of a message template in the long form, where it has a place of its own. */
  isVariable?: boolean
}

export interface Call {
  name: string
  at: number
  arguments: Argument[]
  /** Written as a mapping, which names everything. */
  isLong?: boolean
}

interface Token {
  kind: 'word' | 'string' | '(' | ')' | ',' | '='
  text: string
  at: number
}

/**
 * Splits a sequence of actions such as `retry(15m, max=3) whatsapp` into calls; what comes before a fault is kept.
 *
 *     actions  = action { action }
 *     action   = name [ "(" [ argument { "," argument } ] ")" ]
 *     argument = [ name "=" ] ( word | "quoted text" )
 */
export function readCalls(text: string): { calls: Call[]; fault?: ActionFault } {
  const { tokens, fault } = tokenize(text)
  return fault ? { calls: [], fault } : group(tokens, text.length)
}

function tokenize(text: string): { tokens: Token[]; fault?: ActionFault } {
  const tokens: Token[] = []
  const pattern = /\s*(?:([A-Za-z0-9_][A-Za-z0-9_.:-]*)|"((?:[^"\\]|\\.)*)"|([(),=]))/y
  let at = 0
  const end = text.trimEnd().length
  while (at < end) {
    pattern.lastIndex = at
    const match = pattern.exec(text)
    if (!match) {
      const start = at + text.slice(at).search(/\S/)
      const found = String.fromCodePoint(text.codePointAt(start)!)
      return { tokens, fault: { at: start, ...unexpected(found, isOpen(tokens)) } }
    }
    const [whole, bare, quoted, mark] = match
    const start = at + whole.search(/\S/)
    if (bare !== undefined) tokens.push({ kind: 'word', text: bare, at: start })
    else if (quoted !== undefined) tokens.push({ kind: 'string', text: quoted.replace(/\\(.)/g, '$1'), at: start })
    else tokens.push({ kind: mark as Token['kind'], text: mark!, at: start })
    at += whole.length
  }
  return { tokens }
}

/** Whether a parenthesis is open at their end. */
const isOpen = (tokens: Token[]) => (tokens.findLast(({ kind }) => kind === '(' || kind === ')')?.kind ?? ')') === '('

/** What a sign that has no meaning here was meant to be. */
function unexpected(found: string, inside: boolean): { message: string; suggestion?: string } {
  if (found === '"') return { message: 'a quotation mark is not closed' }
  if (found === "'") return { message: `text stands in double quotes: "…"` }
  if (found !== ';') return { message: `unexpected "${found}"` }
  return inside ? { message: 'unexpected ";"', suggestion: ',' } : { message: `unexpected ";": ${PARTED}` }
}

const PARTED = 'a space parts two actions'

const unquoted = ({ value, at }: Argument, next: Token): ActionFault => ({
  at,
  message: `text of several words needs quotes: "${short(`${value} ${next.text}`)} …"`,
})

function group(tokens: Token[], end: number): { calls: Call[]; fault?: ActionFault } {
  const calls: Call[] = []
  let i = 0
  const expected = (what: string) => {
    const found = tokens[i]
    return {
      calls,
      fault: {
        at: found?.at ?? end,
        message: `expected ${what}, found ${found ? `"${short(found.text)}"` : 'the end'}`,
      },
    }
  }
  while (i < tokens.length) {
    const name = tokens[i]!
    if (name.kind === ',') return { calls, fault: { at: name.at, message: `unexpected ",": ${PARTED}` } }
    if (name.kind !== 'word') return expected('an action')
    const before = calls.at(-1)
    // No action has a full stop in its name: it is what the one before is about.
    if (name.text.includes('.') && before?.arguments.length === 0) {
      const message = `"${short(name.text)}" must stand in parentheses`
      return { calls: [], fault: { at: name.at, message, suggestion: `${before.name}(${short(name.text)})` } }
    }
    i++
    const call: Call = { name: name.text, at: name.at, arguments: [] }
    calls.push(call)
    if (tokens[i]?.kind !== '(') continue
    i++
    while (tokens[i]?.kind !== ')') {
      if (call.arguments.length > 0) {
        const last = call.arguments.at(-1)!
        const isText = tokens[i - 1]!.kind === 'word' && tokens[i]?.kind === 'word' && tokens[i + 1]?.kind !== '='
        if (isText) return { calls, fault: unquoted(last, tokens[i]!) }
        if (tokens[i]?.kind !== ',') return expected('"," or ")"')
        i++
      }
      const first = tokens[i]
      const isNamed = first?.kind === 'word' && tokens[i + 1]?.kind === '='
      if (isNamed) i += 2
      const value = tokens[i]
      if (value?.kind !== 'word' && value?.kind !== 'string') return expected('a value')
      i++
      call.arguments.push({
        ...(isNamed ? { name: first.text } : {}),
        nameAt: first!.at,
        value: value.text,
        at: value.at,
      })
    }
    i++
  }
  return { calls }
}
