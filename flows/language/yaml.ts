import { Composer, type CST, Lexer, type ParsedNode, Parser } from 'yaml'
import { inWords } from './yaml-messages.ts'

export const MAX_BYTES = 256 * 1024
export const MAX_DEPTH = 32
/** A flow has a few hundred; this only bounds the work a hostile file can cause. */
const MAX_TOKENS = 8_000
/** The same for the other kinds of file: the demo's workspace has 436, a large one with 50 templates and 20 calendars about 4,000. */
export const MAX_TOKENS_OF_OTHERS = 20_000
/** The lexer announces the text of a scalar with this, so that text is never taken for an anchor. */
const SCALAR_FOLLOWS = '\x1f'

/** A fault with its offset in the text. */
export interface YamlFault {
  offset: number
  message: string
}

/** What a file holds, in words, and how many parts it may have. */
export interface FileKind {
  holds: string
  maxTokens: number
}

const FLOW: FileKind = { holds: 'a flow', maxTokens: MAX_TOKENS }

/**
 * YAML 1.2 text → its tree, or what is wrong with it. Anchors, aliases, tags, directives, a second document, more than
 * 256 kB and nesting over 32 are refused while reading, before anything is built from them. Never throws.
 */
export function readYaml(text: string, kind = FLOW): { root: ParsedNode | null } | { faults: YamlFault[] } {
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) return one(0, 'the file is larger than 256 kB')
  const parsed = tokens(text, kind)
  if ('faults' in parsed) return parsed
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false })
  const documents = [...composer.compose(parsed.tokens, true, text.length)]
  const faults = documents.flatMap((document) =>
    [...document.errors, ...document.warnings].map((error) => inWords(error, text)),
  )
  // One slip often breaks several rules of YAML at the same place.
  const apart = new Map(faults.toReversed().map((fault) => [fault.offset, fault]))
  if (apart.size > 0) return { faults: [...apart.values()].toReversed().slice(0, 20) }
  const second = documents[1]
  if (second) return secondDocument(second.range[0], kind)
  return { root: documents[0]?.contents ?? null }
}

const secondDocument = (offset: number, { holds }: FileKind) =>
  one(offset, `a file holds ${holds.replace(/^a /, 'one ')}: found a second document`)

function tokens(text: string, kind: FileKind): { tokens: CST.Token[] } | { faults: YamlFault[] } {
  const { holds, maxTokens } = kind
  const parser = new Parser()
  const tokens: CST.Token[] = []
  let count = 0
  let isScalar = false
  let [begins, ends] = [0, 0]
  for (const lexeme of new Lexer().lex(text)) {
    const refusal = isScalar ? undefined : REFUSED[lexeme[0] ?? '']
    if (refusal) return one(parser.offset, `${refusal} are not allowed in ${holds}`)
    if (++count > maxTokens) return one(parser.offset, `the file has too many parts for ${holds}`)
    if (!isScalar && ((lexeme === '---' && ++begins > 1) || (lexeme === '...' && ++ends > 1)))
      return secondDocument(parser.offset, kind)
    isScalar = lexeme === SCALAR_FOLLOWS
    for (const token of parser.next(lexeme)) tokens.push(token)
    // The stack holds the document and the collections around this place.
    if (parser.stack.length > MAX_DEPTH + 1)
      return one(parser.offset - lexeme.length, `nested more than ${MAX_DEPTH} deep`)
  }
  for (const token of parser.end()) tokens.push(token)
  return { tokens }
}

const REFUSED: Record<string, string> = {
  '&': 'anchors (&)',
  '*': 'aliases (*)',
  '!': 'tags (!)',
  '%': 'directives (%)',
}

const one = (offset: number, message: string) => ({ faults: [{ offset, message }] })
