import fc from 'fast-check'
import { expect, test } from 'vitest'
import { diffFlows, diffText } from '../../flows/language/diff.ts'
import { parseFlow } from '../../flows/language/parse.ts'
import { printDiff } from '../../flows/language/print-diff.ts'
import { anyFlow } from './any-flow.ts'

const flow = (yaml: string) => {
  const read = parseFlow(`id: a\n${yaml}`)
  if ('faults' in read) throw new Error(JSON.stringify(read.faults))
  return read.flow
}

test('settings by field, as the file writes them; what the agent is told, word by word', () => {
  const before = flow(`call:
  within: 60s
agent:
  prompt: ask for "approximate budget"
qualify:
  - need - budget
on:
  no_answer: retry(15m, max=3) whatsapp
`)
  const after = flow(`call:
  within: 90s
  record: true
agent:
  prompt: ask for "budget range and timing", if hesitant, offer 3 brackets
qualify:
  - budget: "Which budget?"
  - need
tools:
  crm: {mcp: https://mcp.example.com}
on:
  no_answer: retry(15m, max=2)
`)
  const diff = diffFlows(before, after)
  expect(diff.settings).toMatchObject([
    { path: 'call.within', before: '1m', after: '90s' },
    { path: 'call.record', before: false, after: true },
    { path: 'qualify', before: ['need', 'budget'], after: ['budget', 'need'] },
    { path: 'tools', before: [], after: ['crm'] },
    { path: 'tools.crm.mcp', before: null, after: 'https://mcp.example.com' },
    { path: 'tools.crm.timeout', before: null, after: '8s' },
    { path: 'on.no_answer', before: 'retry(15m, max=3) whatsapp', after: 'retry(15m, max=2)' },
  ])
  expect(diff.texts.map(({ path }) => path)).toEqual(['agent.prompt', 'qualify.budget.question'])
  expect(printDiff(diff)).toBe(`call.within: 1m → 90s
call.record: false → true
qualify: ["need","budget"] → ["budget","need"]
tools: [] → ["crm"]
tools.crm.mcp: null → https://mcp.example.com
tools.crm.timeout: null → 8s
on.no_answer: retry(15m, max=3) whatsapp → retry(15m, max=2)
agent.prompt:
  ask for "[-approximate -]budget {+range and timing+}"{+, if hesitant, offer 3 brackets+}
qualify.budget.question:
  {+Which budget?+}
`)
})

test('colours are the terminal’s business, and no flow reaches it with control characters', () => {
  const diff = diffFlows(flow('agent: {manner: Warm}'), flow('agent: {manner: "Cold\\e[31m\\nand brief"}'))
  const painted = printDiff(diff, (text, as) => `<${as}>${text}</${as}>`)
  expect(painted).toBe(
    '<path>agent.manner</path>:\n  <removed>Warm</removed><added>Cold[31m</added>\n  <added>and brief</added>\n',
  )
})

test('words of scripts without spaces, and of Turkish', () => {
  const changed = (before: string, after: string) =>
    diffText(before, after)
      .filter(({ added, removed }) => added || removed)
      .map(({ text }) => text)
  expect(changed('今日は東京で会います', '今日は大阪で会います')).toEqual(['東京', '大阪'])
  expect(changed('İstanbul’daki ofisimiz açık', 'Ankara’daki ofisimiz açık')).toEqual(['İstanbul’daki', 'Ankara’daki'])
  expect(changed('a b', 'a  b')).not.toEqual([])
})

test('what is not removed is the later text, and two texts that have nothing in common do not keep anybody waiting', () => {
  const words = fc
    .array(fc.constantFrom('a', 'b', ' ', '\n', 'é', '東京', '.', ','), { maxLength: 30 })
    .map((it) => it.join(''))
  fc.assert(
    fc.property(words, words, (before, after) => {
      const said = diffText(before, after)
      expect(
        said
          .filter(({ removed }) => !removed)
          .map(({ text }) => text)
          .join(''),
      ).toBe(after)
    }),
    { numRuns: 300 },
  )
  const long = (from: number) => Array.from({ length: 15_000 }, (_, i) => (i * 7919 + from) % 100_003).join(' ')
  expect(diffText(long(1), long(50_000))).toEqual([
    { text: long(1), removed: true },
    { text: long(50_000), added: true },
  ])
})

test('a flow differs from itself in nothing, from another in something', () => {
  fc.assert(
    fc.property(anyFlow, anyFlow, (one, other) => {
      expect(diffFlows(one, structuredClone(one))).toEqual({ settings: [], texts: [] })
      const { settings, texts } = diffFlows(one, other)
      expect(settings.length + texts.length > 0).toBe(JSON.stringify(one) !== JSON.stringify(other))
    }),
    { numRuns: 100 },
  )
})

test('of a slot that comes or goes only what was written is told', () => {
  const of = (slots: string) => flow(`qualify:\n${slots}`)
  const [before, after] = [of('  - need\n'), of('  - need\n  - place\n  - day: {type: date}\n')]
  const list = { path: 'qualify', before: ['need'], after: ['need', 'place', 'day'] }
  const type = { path: 'qualify.day.type', before: null, after: 'date' }
  expect(diffFlows(before, after)).toEqual({ settings: [list, type], texts: [] })
  expect(diffFlows(after, before).settings).toHaveLength(2)
})
