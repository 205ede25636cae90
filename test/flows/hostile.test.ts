import { describe, expect, test } from 'vitest'
import { Lexer } from 'yaml'
import { parseFlow } from '../../flows/language/parse.ts'
import { parseSimulation } from '../../flows/language/persona.ts'
import { parseWorkspace } from '../../flows/language/workspace-file.ts'

/** As large as a file may be. */
const SIZE = 256 * 1024
const filled = (text: string, first = '') => `${first}${text.repeat(Math.floor((SIZE - first.length) / text.length))}`

const parsers = {
  'a flow': parseFlow,
  'a workspace': (text: string) => parseWorkspace(text, {}),
  'a simulation': (text: string) => parseSimulation(text, []),
}

const hostile: Record<string, string> = {
  documents: filled('---\n'),
  'ends of documents': filled('...\n'),
  'documents with something in them': filled('a: 1\n---\n'),
  comments: filled('#\n'),
  'empty lines': filled('\n'),
  'commas in open brackets': filled(',', '['.repeat(20)),
  'open brackets': filled('['),
  'pairs in braces': filled('a: 1, ', '{'),
  'block texts': filled('x: |\n'),
  keys: Array.from({ length: 24_000 }, (_, i) => `k${i}: 1\n`)
    .join('')
    .slice(0, SIZE),
  'unknown keys': Array.from({ length: 3_300 }, (_, i) => `tim_zone${i}: 1\n`).join(''),
  'keys that are given twice': filled('a: 1\n'),
  'keys of keys': filled('a:\n'),
  items: filled('- \n'),
  'items in items': filled('- '),
  questions: filled('? \n'),
  colons: filled(':\n'),
  braces: filled('}\n'),
  tabs: filled('\t\n'),
  anchors: filled('a: &a\n'),
  aliases: filled('- *a\n'),
  tags: filled('!!\n'),
  directives: filled('%YAML 1.2\n'),
}

/** What a file costs to read grows with its parts: so many may be read before it is refused, which takes some 20 ms. */
const MOST_PARTS = 20_000

function partsOf(text: string): number {
  let count = 0
  for (const _ of new Lexer().lex(text)) count++
  return count
}

/** Of a text, what stands before a place in it. */
const before = (text: string, { line, column }: { line: number; column: number }): string =>
  [...text.split('\n').slice(0, line - 1), ''].join('\n') + text.split('\n')[line - 1]!.slice(0, column - 1)

describe.for(Object.keys(parsers) as (keyof typeof parsers)[])('%s of 256 kB', (kind) => {
  test.for(Object.entries(hostile))('of %s is refused before much of it is read', ([, text]) => {
    const read = parsers[kind](text)
    const faults = 'faults' in read ? read.faults : []
    expect(faults.length).toBeGreaterThan(0)
    if (partsOf(text) <= MOST_PARTS) return
    expect(faults).toHaveLength(1)
    // With the one that was too many.
    expect(partsOf(before(text, faults[0]!))).toBeLessThanOrEqual(MOST_PARTS + 1)
  })
})
