import { Composer, type CST, Lexer, type ParsedNode, Parser } from 'yaml'
import { inWords, UNQUOTED_VARIABLE } from './yaml-messages.ts'

export const MAX_BYTES = 256 * 1024
export const MAX_DEPTH = 32
/** A flow has a few hundred; this only bounds the work a hostile file can cause. */
const MAX_TOKENS = 8_000
/** The same for the other kinds of file: the demo's workspace has 436, a large one with 50 templates and 20 calendars about 4,000. */
export const MAX_TOKENS_OF_OTHERS = 10_000
/** Nobody writes so many; a text's are composed one by one. */
const MAX_LINES = 10_000
/** Faults that are told of one text, or of one file. */
const MAX_TOLD = 20
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
 * 256 kB or 10,000 lines, nesting over 32 and texts of too many wrong escapes are refused while reading, before anything is built
 * from them. Never throws.
 */
export function readYaml(text: string, kind = FLOW): { root: ParsedNode | null } | { faults: YamlFault[] } {
  if (text.length > MAX_BYTES || Buffer.byteLength(text) > MAX_BYTES) return one(0, 'the file is larger than 256 kB')
  if (hasMore(text.matchAll(/\n/g), MAX_LINES)) return one(0, `the file has more than ${MAX_LINES} lines`)
  const parsed = tokens(text, kind)
  if ('faults' in parsed) return parsed
  const composer = new Composer({ version: '1.2', schema: 'core', uniqueKeys: false, prettyErrors: false })
  const documents = [...composer.compose(parsed.tokens, true, text.length)]
  const end = text.trimEnd().length
  const errors = documents.flatMap((document) => [...document.errors, ...document.warnings])
  // One slip often breaks several rules of YAML at the same place.
  const apart = new Map(errors.toReversed().map((error) => [Math.min(error.pos[0], end), error]))
  const told = [...apart].toReversed().slice(0, MAX_TOLD)
  if (told.length > 0) return { faults: untilVariable(told.map(([offset, error]) => inWords(error, offset, text))) }
  const second = documents[1]
  if (second) return secondDocument(second.range[0], kind)
  return { root: documents[0]?.contents ?? null }
}

/** After a variable without quotes nothing is where it seems to be. */
function untilVariable(faults: YamlFault[]): YamlFault[] {
  const at = faults.findIndex(({ message }) => message === UNQUOTED_VARIABLE)
  return at < 0 ? faults : faults.slice(0, at + 1)
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
    const excess = excessOf(lexeme, isScalar)
    if (excess) return one(parser.offset, excess)
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

/** What a text has too much of to be composed. @param isAnnounced without quotes. */
function excessOf(lexeme: string, isAnnounced: boolean): string | undefined {
  const isDoubleQuoted = !isAnnounced && lexeme[0] === '"'
  return isDoubleQuoted && hasMore(lexeme.matchAll(WRONG_ESCAPE), MAX_TOLD)
    ? 'many backslashes in these double quotes escape nothing; write \\\\ for a backslash, or use single quotes'
    : undefined
}

/** Escapes that double quotes do not have (YAML 1.2.2, section 5.7). A pair of backslashes is one of those they have. */
const WRONG_ESCAPE =
  /(?<!\\)(?:\\\\)*\\(?![0abtnvfreN_LP "/\\\t\r\n]|x[\da-fA-F]{2}|u[\da-fA-F]{4}|U00(?:0[\da-fA-F]|10)[\da-fA-F]{4})/g

function hasMore(found: Iterable<unknown>, most: number): boolean {
  let count = 0
  for (const _ of found) if (++count > most) return true
  return false
}

const REFUSED: Record<string, string> = {
  '&': 'anchors (&)',
  '*': 'aliases (*)',
  '!': 'tags (!)',
  '%': 'directives (%)',
}

const one = (offset: number, message: string) => ({ faults: [{ offset, message }] })
