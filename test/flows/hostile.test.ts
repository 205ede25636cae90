import { describe, expect, test } from 'vitest'
import { Lexer } from 'yaml'
import { parseFlow } from '../../flows/language/parse.ts'
import { parseSimulation } from '../../flows/language/persona.ts'
import { parseWorkspace } from '../../flows/language/workspace-file.ts'
import { readShape } from '../../openapi/faults.ts'
import { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'

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

/** Texts that would be composed at a cost of their own, each refused where it begins. */
const texts: Record<string, string> = {
  'escapes that are none': filled('\\q', 'id: "'),
  'escapes of code points that are none': filled('\\u00zz', 'id: "'),
  'escapes beyond Unicode': filled('\\U0011ffff', 'id: "'),
  'empty lines within a text': `${filled('\n', 'id: |\n  x\n').slice(0, -3)}  y`,
  'lines that are folded': filled('  a\n', 'id: >\n'),
  'lines in quotes': filled('\n a', "id: '"),
}

/** What a file costs to read grows with its parts: so many may be read before it is refused, which takes some 10 ms. */
const MOST_PARTS = 10_000

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

  test.for(Object.entries(texts))('of %s is refused before it is composed', ([, text]) => {
    const read = parsers[kind](text)
    const faults = 'faults' in read ? read.faults : []
    expect(faults).toMatchObject([{ message: expect.stringMatching(/^(many backslashes|the file has more than)/) }])
    expect(faults[0]!.line).toBeLessThanOrEqual(2)
  })
})

test('of what nothing knows, a hundred are told', () => {
  const text = Array.from({ length: 1_200 }, (_, i) => `tim_zone${i}: 1\n`).join('')
  expect(parseWorkspace(text, {})).toHaveProperty('faults.length', 100)
  const document = Object.fromEntries(Array.from({ length: 12_000 }, (_, i) => [`tim_zone${i}`, 1]))
  expect(readShape(WorkspaceDocument, document).faults).toHaveLength(100)
})

function numbered(count: number, word: string): string {
  return Array.from({ length: count }, (_, i) => `${word}${i}`).join(', ')
}

/** Lists that are longer than any may be, by their paths. */
const lists: Record<string, [path: string, list: string]> = {
  languages: ['match.language', `match:\n  language: [${numbered(1_500, 'turkis')}]\n`],
  'values of a slot': ['qualify.a.options', `qualify:\n  - a: {options: [${numbered(1_500, 'x')}]}\n`],
  'slots in lines': ['qualify', `qualify:\n${`  - ${'a - '.repeat(480)}a\n`.repeat(120)}`],
  'slots of two letters': ['qualify', `qualify:\n${`  - ${'aa - '.repeat(398)}a\n`.repeat(125)}`],
  actions: ['on.no_answer', `on:\n  no_answer:\n${`    - '${'log("x") '.repeat(150)}'\n`.repeat(150)}`],
  'actions that are none': ['on.booked', `on:\n  booked:\n${`    - ${'lgo(x) '.repeat(280)}\n`.repeat(120)}`],
}

test.for(Object.entries(lists))('of too many %s a hundred are read, and one fault is told', ([, [path, list]]) => {
  const text = `id: a\n${list}`
  const read = parseFlow(text)
  const faults = 'faults' in read ? read.faults : []
  expect(faults).toMatchObject([{ path, message: expect.stringContaining('more than 100 entries') }])
  const entries = before(text, faults[0]!).match(/\b(?:\w+\d|aa?(?= -)|log|lgo)(?=\W)/g)
  expect(entries).toHaveLength(100)
})

test('of a list of talkif.yaml one more is read than it may have', () => {
  const read = parseWorkspace(`webhooks:\n  - events: [${'a,'.repeat(2_000)}]\n`, {})
  expect(read).toMatchObject({ draft: { webhooks: [{ events: { length: 21 } }] } })
})

test('twenty wrong escapes are told one by one, and escapes that there are do not count', () => {
  const of = (wrong: number) => `id: "${'\\\\q \\n\\x41\\u00e9\\U0001f600 '.repeat(100)}${'\\q'.repeat(wrong)}"`
  expect(parseFlow(of(20))).toHaveProperty('faults.length', 20)
  expect(parseFlow(of(21))).toMatchObject({ faults: [{ line: 1, column: 5 }] })
})
