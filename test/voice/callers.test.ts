import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Script } from '../../runtime/sandbox/server.ts'
import { type CallPlan, conversation, goodbye, type Story, startCalls } from './sandbox-call.ts'

/** Slow enough that its milliseconds are not made of the machine's. */
const PACE = 4
/** A call at life's own pace. */
const LIFE = 1

const usual: Script = {
  ...{ pickUp: 'answers', ringMs: 4_000, opening: 'Hello?' },
  answers: { slot: 'Yes, that works for me.' },
}
const NEED = 'I want to ask about pricing for the master programs.'
const TIMING = 'I would like to start in the fall.'
const ASKS_NEED = 'What are you looking for?'
/** Long enough for a busy machine to be cut in. */
const ASKS_TIMING = 'When would you like to start, in the fall or in the spring?'

/** Callers who live in this file alone. */
const callers = {
  usual,
  mumbles: { ...usual, interruption: { after: 0, atMs: 1_500, words: 'Uh-huh.', listens: true } },
  coughs: { ...usual, interruption: { after: 1, words: '(coughing)', listens: true }, hangsUpAfter: 2 },
  hums: { ...usual, interruption: { after: 1, words: 'Mhm.', listens: true } },
  asks_who: { ...usual, interruption: { after: 0, atMs: 1_500, words: 'Sorry, who is this and what do you want?' } },
  goes_on: {
    ...usual,
    interruption: { after: 0, atMs: 1_500, words: 'Wait a moment, please.', goesOn: 'How long is this going to take?' },
  },
  stays: { ...usual, interruption: { after: 1, words: 'Wait, how long is this going to take?' } },
  stays_shortly: { ...usual, interruption: { after: 1, words: 'How long?' } },
  presses_42: { ...usual, presses: '42' },
  presses_9: { ...usual, presses: '9' },
  drops: { ...usual, line: { after: 0, fault: 'gone' } },
  pauses: { ...usual, line: { after: 0, fault: 'mute' } },
} satisfies Record<string, Script>

const numbers = Object.fromEntries(
  Object.keys(callers).map((name, at) => [name, `+120255502${String(at).padStart(2, '0')}`]),
) as Record<keyof typeof callers, string>

const greeting = `Hi, this is Talkif, an AI assistant calling for Helena Education. ${ASKS_NEED}`
const asks = (...slots: string[]) => [
  {
    ...{ name: 'save_answer', description: 'save_answer' },
    parameters: { type: 'object', properties: { slot: { enum: slots }, value: { type: 'string' } } },
  },
  ...conversation.tools.filter(({ name }) => name === 'end_call'),
]
const one = { greeting, tools: asks('need') }
const short = `Hi. ${ASKS_NEED}`
const two = {
  ...{ greeting: short, tools: asks('need', 'timing') },
  instructions: `Ask about these:\n- timing: "${ASKS_TIMING}"`,
}

const agentTurns = (story: Story) => story.turns.filter(({ role }) => role === 'agent')
const saved = (story: Story) => story.tools.filter(({ name }) => name === 'save_answer').map(({ args }) => args.value)
const without = (text: string) => text.replace(/\.$/, '')
const wholeGreeting = { text: greeting, interrupted: false }
const politely = { by: 'agent', detail: undefined, steps: ['answered', 'hangUp', 'ended'] }

describe.concurrent.each(['realtime', 'cascade'] as const)('%s', (kind) => {
  const lines: Awaited<ReturnType<typeof startCalls>>[] = []
  beforeAll(async () => {
    for (const pace of [PACE, LIFE]) lines.push(await startCalls({ kind, pace }))
    for (const { sandbox } of lines)
      for (const [name, script] of Object.entries(callers))
        sandbox.cast.set(numbers[name as keyof typeof callers], script)
  })
  afterAll(async () => {
    for (const { close } of lines) await close()
  })

  /** A whole call; whatever the strict servers would have refused fails it. */
  async function call(who: keyof typeof callers, plan: Omit<CallPlan, 'to'>, pace = PACE): Promise<Story> {
    const line = lines[pace === PACE ? 0 : 1]!
    const story = await line.call({ to: numbers[who], ...plan })
    expect(line.sandbox.violations).toEqual([])
    return story
  }

  test("one coughs, at life's pace: the agent is cut for nothing, goes on at once, and takes no answer from it", async () => {
    const story = await call('coughs', { conversation: two }, LIFE)
    expect(agentTurns(story)).toMatchObject([
      { text: short, interrupted: false },
      { interrupted: true },
      { text: ASKS_TIMING, interrupted: false },
      { text: expect.stringMatching(/^Thank you\./) },
    ])
    const [sound, next] = story.turns.slice(story.turns.findIndex(({ text }) => text === '(coughing)'))
    // Whoever is silent is asked after eight seconds.
    expect(next!.atMs - sound!.atMs).toBeLessThan(4_000)
    expect(saved(story)).toEqual([without(NEED), without(TIMING)])
    expect(story.by).toBe('agent')
  })

  test('one says "uh-huh" over the agent, which speaks on', async () => {
    const story = await call('mumbles', { conversation: one })
    expect(agentTurns(story).map(({ interrupted }) => interrupted)).toEqual([false, false])
    expect(agentTurns(story)[0]).toMatchObject(wholeGreeting)
    expect(story.heard).toContain('Uh-huh.')
    expect(saved(story)).toEqual([without(NEED)])
    expect(story).toMatchObject(politely)
  })

  test('one interrupts, draws breath, and goes on: the agent waits for it and answers what was said last', async () => {
    const story = await call('goes_on', { conversation: one })
    expect(agentTurns(story)[0]!.interrupted).toBe(true)
    expect(story.heard).toContain('How long is this going to take?')
    expect(story.said('agent')).toContain(`It will only take a minute. ${ASKS_NEED}`)
    expect(saved(story)).toEqual([without(NEED)])
    expect(story).toMatchObject(politely)
  })

  test('one speaks over a greeting that is not to be cut: it is heard to its end, then they are answered', async () => {
    const story = await call('asks_who', { conversation: { ...one, greetingInterruptible: false } })
    expect(agentTurns(story)[0]).toMatchObject(wholeGreeting)
    expect(agentTurns(story)[1]!.text).toMatch(/^This is an AI assistant/)
    expect(story.spans.map(({ name }) => name)).not.toContain('barge_in')
    expect(saved(story)).toEqual([without(NEED)])
  })

  test('one asks a question over the goodbye: it is called off, the question answered, and the next goodbye is the last', async () => {
    const story = await call('stays', { conversation: one })
    expect(agentTurns(story)).toMatchObject([
      wholeGreeting,
      { text: expect.stringMatching(/^Thank you\./), interrupted: true },
      { text: expect.stringMatching(/^It will only take a minute\..*Goodbye\.$/), interrupted: false },
    ])
    expect(story.tools.filter(({ name }) => name === 'end_call').length).toBe(2)
    expect(story).toMatchObject(politely)
  })

  test('one asks a question of two words over the goodbye: it is answered all the same', async () => {
    const story = await call('stays_shortly', { conversation: one })
    expect(story.heard).toContain('How long?')
    expect(agentTurns(story).at(-1)).toMatchObject({
      text: expect.stringMatching(/^It will only take a minute\..*Goodbye\.$/),
      interrupted: false,
    })
    expect(story).toMatchObject(politely)
  })

  test('one presses keys: the engine is told them together, as text', async () => {
    const digits: string[] = []
    const story = await call('presses_42', { conversation: one, digit: (digit) => void digits.push(digit) })
    expect(digits).toEqual(['4', '2'])
    expect(saved(story)).toEqual(['(The caller pressed 42 on the keypad.)'])
    expect(story).toMatchObject(politely)
  })

  test('one presses 9: the desk obeys, and the agent says goodbye and hangs up', async () => {
    const story = await call('presses_9', {
      conversation: one,
      digit: (digit) => (digit === '9' ? goodbye({ opted_out: true }) : undefined),
    })
    expect(agentTurns(story).map(({ text }) => text)).toEqual([greeting, expect.stringMatching(/goodbye/i)])
    expect(story).toMatchObject({ ...politely, tools: [] })
  })

  test("one's stream breaks in mid-sentence: the carrier is told to hang up, and what was said is kept", async () => {
    const story = await call('drops', { conversation: one })
    expect(story).toMatchObject({ by: 'carrier_lost', steps: ['answered', 'hangUp', 'ended'], tools: [] })
    expect(agentTurns(story)).toMatchObject([wholeGreeting])
    expect(NEED).toContain(story.turns.at(-1)!.text)
  })

  test('one falls mute in mid-sentence: the turn is closed with silence, and what came of it answered', async () => {
    const story = await call('pauses', { conversation: one })
    const [value] = saved(story) as [string]
    expect(NEED).toContain(value)
    expect(value.length).toBeLessThan(without(NEED).length)
    expect(agentTurns(story).at(-1)).toMatchObject({ text: expect.stringMatching(/^Thank you\./) })
    expect(story).toMatchObject(politely)
  })

  test('one waits for a slow tool: a short line, once, and then the answer', async () => {
    const bridged = Promise.withResolvers<void>()
    const story = await call('usual', {
      conversation: { ...one, phrases: { filler: 'One moment, please.' } },
      turn: ({ text }) => text === 'One moment, please.' && bridged.resolve(),
      tool: (name) => (name === 'save_answer' ? bridged.promise.then(() => ({ output: { saved: true } })) : undefined),
    })
    expect(agentTurns(story).map(({ text }) => text)).toEqual([
      greeting,
      'One moment, please.',
      expect.stringMatching(/^Thank you\..*Goodbye\.$/),
    ])
    expect(story).toMatchObject(politely)
  })

  test('one hums over the goodbye, which is not called off', async () => {
    const story = await call('hums', { conversation: one })
    expect(agentTurns(story)).toMatchObject([
      wholeGreeting,
      { text: expect.stringMatching(/^Thank you\..*Goodbye\.$/), interrupted: false },
    ])
    expect(saved(story)).toEqual([without(NEED)])
    expect(story).toMatchObject(politely)
  })
})
