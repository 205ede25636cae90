import { describe, expect, test } from 'vitest'
import { type Context, type MindItem, type Step, think } from '../../runtime/sandbox/engine/mind.ts'
import { questionFor } from '../../runtime/sandbox/engine/words.ts'
import { tools } from './relay.ts'

const said = (text: string, cut = false): MindItem => ({ kind: 'said', text, cut })
const heard = (text: string): MindItem => ({ kind: 'heard', text })
const did = (name: string, args: Record<string, unknown>, output: Record<string, unknown>): MindItem[] => [
  { kind: 'called', name, callId: `${name}${JSON.stringify(args)}`, args },
  { kind: 'output', callId: `${name}${JSON.stringify(args)}`, output },
]
const saved = ['need', 'timing', 'budget', 'location'].flatMap((slot) => did('save_answer', { slot, value: 'x' }, {}))
const slots = [
  { slot_id: 's1', spoken: 'Tuesday at ten' },
  { slot_id: 's2', spoken: 'Wednesday at noon' },
]

const budgetOnly = { type: 'function', name: 'save_answer', parameters: { properties: { slot: { enum: ['budget'] } } } }

function mind(items: MindItem[], more: Partial<Context> = {}): Step[] {
  return think({ instructions: '', override: undefined, tools: tools as never, mayCall: true, items, ...more })
}
const words = (steps: Step[]) => steps.flatMap((step) => ('say' in step ? [step.say] : [])).join(' ')
const calls = (steps: Step[]) => steps.flatMap((step) => ('call' in step ? [step.call] : []))

describe('obeys', () => {
  test.each([
    ['Say exactly: "Hello, this is Talkif."', 'Hello, this is Talkif.'],
    ['Greet. Say exactly: "She said \\"hi\\"."', 'She said "hi".'],
    ['Say exactly, and nothing else: “Günaydın.”', 'Günaydın.'],
    ['Ask whether the caller is still there.', 'Are you still there?'],
    ['Say a short goodbye.', 'Thank you for your time. Goodbye.'],
  ])('%s', (override, text) => expect(mind([], { override })).toEqual([{ say: text }]))

  test('tool_choice none', () => {
    expect(calls(mind([said('What are you looking for?'), heard('A demo.')], { mayCall: false }))).toEqual([])
  })
})

describe('asks', () => {
  test('the question the instructions list, else a natural one', () => {
    expect(questionFor('need', '- need: What do you hope to learn?\n')).toBe('What do you hope to learn?')
    expect(questionFor('need', '1. `need` (required): ask "What brings you here?"')).toBe('What brings you here?')
    expect(questionFor('need', '- needs_more: What else?')).toBe('What are you looking for?')
    expect(questionFor('team_size', '')).toBe('Could you tell me your team size?')
  })

  test('one question a slot, in order, and saves each answer', () => {
    expect(mind([said('Hi, got a moment?'), heard('Yes, I have a moment.')])).toEqual([
      { say: 'Great. What are you looking for?' },
    ])
    const asked = [said('Great. What are you looking for?'), heard('A demo for my team.')]
    expect(mind(asked)).toEqual([{ call: 'save_answer', args: { slot: 'need', value: 'A demo for my team' } }])
    const next = mind([...asked, ...did('save_answer', { slot: 'need', value: 'x' }, { ok: true })])
    expect(words(next)).toBe('Thank you. When would you like to start?')
  })

  test('again, with the form that the answer must have, but not a third time', () => {
    const asked = [said('What is your budget?'), heard('A lot.')]
    const typed = { tools: tools.map((it) => (it.name === 'save_answer' ? budgetOnly : it)) as never }
    const again = { error: 'budget must be one number, in digits. Ask again.' }
    const once = [...asked, ...did('save_answer', { slot: 'budget', value: 'A lot' }, again)]
    const question = 'I am sorry, it must be one number, in digits. What is your budget?'
    expect(mind(once, typed)).toEqual([{ say: question }])
    const answered = [...once, said(question), heard('Really a lot.')]
    const call = { slot: 'budget', value: 'Really a lot' }
    expect(mind(answered, typed)).toEqual([{ call: 'save_answer', args: call }])
    expect(mind([...answered, ...did('save_answer', call, again)], typed)).toEqual([{ call: 'check_slots', args: {} }])
  })

  test('again after an interruption, which it answers', () => {
    const steps = mind([said('Great. What are you', true), heard('Sorry, how long will this take?')])
    expect(words(steps)).toBe('It will only take a minute. What are you looking for?')
  })

  test('again when a cut turned out to be false', () => {
    expect(words(mind([said('Great. What', true)]))).toBe('What are you looking for?')
  })

  test('for a repetition of what it could not hear, and whether anybody is there', () => {
    expect(words(mind([heard('(inaudible)')]))).toBe('Sorry, could you repeat that?')
    const quiet = [said('What are you looking for?')]
    expect(words(mind(quiet))).toBe('Are you still there?')
    expect(calls(mind([...quiet, said('Are you still there?')]))).toEqual(['end_call'])
  })
})

describe('books', () => {
  const checked = [...saved, ...did('check_slots', {}, { slots })]
  const offered = [...checked, said('I can offer Tuesday at ten. Does that work for you?')]

  test('only what check_slots returned', () => {
    expect(mind(saved)).toEqual([{ call: 'check_slots', args: {} }])
    expect(words(mind(checked))).toContain('Tuesday at ten')
    for (const yes of ['Yes, that works.', 'No problem, I will be there.', 'Why not?']) {
      expect(mind([...offered, heard(yes)])).toEqual([{ call: 'book_slot', args: { slot_id: 's1' } }])
    }
    expect(words(mind([...offered, heard('No problem, but I cannot then.')]))).toContain('Wednesday at noon')
  })

  test('confirms, says goodbye, ends', () => {
    const booked = [
      ...offered,
      heard('Yes.'),
      ...did('book_slot', { slot_id: 's1' }, { booked: true, spoken: 'Tue 10' }),
    ]
    const steps = mind(booked)
    expect(words(steps)).toBe('You are booked for Tue 10. Thank you for your time. Goodbye.')
    expect(calls(steps)).toEqual(['end_call'])
    const ended = mind([...booked, said(words(steps)), ...did('end_call', {}, { ok: true })])
    expect(ended).toEqual([{ say: 'Take care.' }])
  })

  test('the next slot after a no or a failure; none is pressed on somebody who wants none', () => {
    expect(words(mind([...offered, heard('No, I cannot then.')]))).toContain('Wednesday at noon')
    const failed = mind([...offered, heard('Yes.'), ...did('book_slot', { slot_id: 's1' }, { error: 'taken' })])
    expect(words(failed)).toMatch(/^I am sorry.*Wednesday at noon/)
    expect(calls(mind([...offered, heard('I would rather not book.')]))).toEqual(['end_call'])
  })

  test('without a calendar it closes', () => {
    const without = tools.filter(({ name }) => name !== 'check_slots')
    expect(calls(mind(saved, { tools: without as never }))).toEqual(['end_call'])
  })
})

describe('reports', () => {
  test.each([
    ['Please stop calling me.', 'stop_calling'],
    ['You have the wrong number.', 'wrong_number'],
    ['I am not interested.', 'not_a_fit'],
    ['Can I talk to a real person please?', 'transfer_to_human'],
    ['Please leave a message after the beep.', 'voicemail'],
  ])('%s → %s', (text, name) => {
    expect(calls(mind([said('What is your budget?'), heard(text)]))).toEqual([name])
    expect(calls(mind([heard(text)], { tools: [] }))).toEqual([])
    expect(words(mind([heard(text)], { tools: [] }))).not.toBe('')
  })

  test('an error of a tool, politely, and goes on', () => {
    const failed = did('transfer_to_human', { reason: 'x' }, { error: 'nobody' })
    expect(words(mind(failed))).toMatch(/^I am sorry.*What are you looking for\?$/)
    const unsaved = did('save_answer', { slot: 'need', value: 'x' }, { error: 'invalid' })
    expect(words(mind(unsaved))).toMatch(/^I am sorry.*When would you like to start\?$/)
  })
})

describe("a flow's own tools", () => {
  const parking = {
    name: 'parking',
    description: 'Where guests park their cars.',
    parameters: {
      type: 'object',
      properties: { cars: { type: 'integer' }, kind: { enum: ['small', 'large'] }, note: { type: 'string' } },
      required: ['cars', 'kind'],
    },
  }
  const own = { tools: [...tools, parking] as never }

  test('are called once, when the caller speaks of what they are for, beside the answer', () => {
    const asked = said('What are you looking for?')
    expect(mind([asked, heard('A demo, and parking for 2 cars.')], own)).toEqual([
      { call: 'save_answer', args: { slot: 'need', value: 'A demo, and parking for 2 cars' } },
      { call: 'parking', args: { cars: 2, kind: 'small' } },
    ])
    expect(calls(mind([asked, heard('Where do guests park?')], own))).toEqual(['parking'])
    expect(calls(mind([asked, heard('A demo.')], own))).toEqual(['save_answer'])
    const before = did('parking', {}, { data: { place: 'behind the house' } })
    expect(calls(mind([asked, ...before, heard('And the guests?')], own))).toEqual([])
  })

  test('tell what they found, or that they failed', () => {
    const after = (output: Record<string, unknown>) =>
      words(mind([heard('Parking?'), ...did('parking', {}, output)], own))
    expect(after({ data: { place: 'behind the house' } })).toContain('I have looked that up: behind the house.')
    expect(after({ data: { free: 3 } })).toMatch(/^Thank you\. /)
    expect(after({ error: 'The server answered 500.' })).toContain('that did not work')
  })
})
