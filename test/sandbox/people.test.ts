import { parsePhoneNumber } from 'libphonenumber-js/max'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { sandboxNumber, sandboxPeople } from '../../openapi/sandbox-people.ts'
import type { Sandbox } from '../../runtime/sandbox/server.ts'
import { callTo, openApp, openSandbox, time, twilioAt } from './harness.ts'
import { type Relayed, relay } from './relay.ts'

let sandbox: Sandbox
beforeAll(async () => {
  sandbox = await openSandbox()
})
afterAll(() => sandbox.close())

const greeting = 'Hi, this is Talkif, an AI assistant, calling for Helena Education. Have you got a moment?'
const people = Object.fromEntries(sandboxPeople.map(({ character, number }) => [character, number]))

/** A whole call through the tiny relay; resolves once the carrier reported its end. */
async function converse(to: string, timeLimit = 600) {
  let talk: Relayed | undefined
  await using app = await openApp((socket) => {
    talk = relay(socket, sandbox.engineUrl(time), greeting)
  })
  await twilioAt(sandbox.carrierUrl(time)).calls.create(callTo(to, app, { timeout: 30, timeLimit }))
  const ended = await app.callbacks.find(({ params }) => 'CallDuration' in params)
  return { ended: ended.params, said: [], heard: [], called: [], interruptions: 0, ...talk }
}

const names = (called: { name: string }[]) => called.map(({ name }) => name)

test('every number is a valid one', () => {
  for (const number of [sandboxNumber, ...sandboxPeople.map((person) => person.number)]) {
    expect(parsePhoneNumber(number).isValid()).toBe(true)
  }
})

describe.concurrent('people', () => {
  test('one books: each question is answered to the point, and the first slot is taken', async () => {
    const call = await converse(people.books!)
    expect(call.called).toEqual([
      { name: 'save_answer', args: { slot: 'need', value: 'I want to ask about pricing for the master programs' } },
      { name: 'save_answer', args: { slot: 'timing', value: 'I would like to start in the fall' } },
      { name: 'save_answer', args: { slot: 'budget', value: 'About twelve thousand dollars' } },
      { name: 'save_answer', args: { slot: 'location', value: 'We are in Boston' } },
      { name: 'check_slots', args: {} },
      { name: 'book_slot', args: { slot_id: 'slot_1' } },
      { name: 'end_call', args: {} },
    ])
    expect(call.said.at(-1)).toMatch(/You are booked for Tuesday at ten in the morning.*Goodbye/)
    expect(call.ended.CallStatus).toBe('completed')
    expect(Number(call.ended.CallDuration)).toBeGreaterThan(20)
  })

  test('one qualifies and does not book', async () => {
    const { called } = await converse(people.qualifies!)
    expect(names(called)).toEqual([...Array(4).fill('save_answer'), 'check_slots', 'end_call'])
  })

  test.each([
    ['not_a_fit', 'not_a_fit'],
    ['wrong_number', 'wrong_number'],
    ['stop_calling', 'stop_calling'],
  ] as const)('one is %s', async (character, tool) => {
    const { called } = await converse(people[character]!)
    expect(names(called)).toContain(tool)
    expect(names(called)).not.toContain('check_slots')
  })

  test('one interrupts in the middle of a sentence, is answered, and books', async () => {
    const call = await converse(people.interrupts!)
    expect(call.interruptions).toBeGreaterThan(0)
    expect(call.heard).toContain('Sorry to interrupt, but how long is this going to take?')
    expect(call.said.some((text) => text.startsWith('It will only take a minute.'))).toBe(true)
    expect(names(call.called)).toContain('book_slot')
  })

  test('one asks for a human, and goes on where there is none', async () => {
    const { called, said } = await converse(people.asks_for_human!)
    expect(names(called)[0]).toBe('transfer_to_human')
    expect(said.some((text) => text.startsWith('I am sorry, nobody is free'))).toBe(true)
    expect(names(called)).toContain('book_slot')
  })

  test('one falls silent after hello', async () => {
    const { heard, ended } = await converse(people.falls_silent!, 240)
    expect(heard).toEqual(['Hello?'])
    expect(Number(ended.CallDuration)).toBeGreaterThanOrEqual(60)
  })

  test('one hangs up in the middle of the second question', async () => {
    const { called, ended } = await converse(people.hangs_up!)
    expect(names(called)).toEqual(['save_answer'])
    expect(ended.CallStatus).toBe('completed')
  })

  test('one is busy, one never reaches the carrier, and their phones do not ring', async () => {
    expect((await converse(people.busy!)).ended).toMatchObject({ CallStatus: 'busy', SipResponseCode: '486' })
    expect((await converse(people.carrier_fails!)).ended).toMatchObject({
      CallStatus: 'failed',
      SipResponseCode: '503',
    })
    const silent = [people.busy, people.carrier_fails]
    expect(sandbox.rang.filter(({ to }) => silent.includes(to))).toEqual([])
  })

  test('one answers on the second try, and on every later one', async () => {
    const outcomes = []
    for (let i = 0; i < 3; i++) outcomes.push((await converse(people.second_try!)).ended.CallStatus)
    expect(outcomes).toEqual(['no-answer', 'completed', 'completed'])
  })

  test('one is a voicemail: greeting, beep, and a machine for the detection', async () => {
    const verdicts = await Promise.all(
      (['Enable', 'DetectMessageEnd'] as const).map(async (machineDetection) => {
        await using app = await openApp()
        const amd = { machineDetection, asyncAmd: 'true', asyncAmdStatusCallback: `${app.http}/amd` }
        await twilioAt(sandbox.carrierUrl(time)).calls.create(callTo(people.voicemail!, app, amd))
        return (await app.callbacks.find(({ path }) => path === '/amd')).params
      }),
    )
    expect(verdicts.map(({ AnsweredBy }) => AnsweredBy)).toEqual(['machine_start', 'machine_end_beep'])
    const { heard, called } = await converse(people.voicemail!)
    expect(heard[0]).toMatch(/leave a message after the beep/)
    expect(names(called)).toContain('voicemail')
  })

  test('every other number behaves like the first', async () => {
    expect(names((await converse('+905321234218')).called)).toContain('book_slot')
  })
})

test('nobody broke a rule', () => {
  expect(sandbox.violations).toEqual([])
})
