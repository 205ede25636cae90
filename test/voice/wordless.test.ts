import { expect, test } from 'vitest'
import { goodbye } from './sandbox-call.ts'
import { converse } from './scripted.ts'

/** A model that is asked for its last words after `wrong_number`, and calls `end_call` (or saves something) without a word. */
test.each(['end_call', 'save_answer'])(
  'a goodbye that was answered with %s alone is still said before the line drops',
  async (second) => {
    const talk = converse({
      conversation: { phrases: { goodbye: 'Goodbye.' } },
      tool: async (name) => (name === 'save_answer' ? { output: { saved: true } } : goodbye({ noted: true })),
    })
    talk.respond(200)
    await talk.time.pass(1_000)
    await talk.speak(900, 'You have the wrong number.')
    talk.respond(0, '', [{ callId: 'c1', name: 'wrong_number' }])
    await talk.time.pass(40)
    expect(talk.calls.at(-1)).toBe('ask')
    const before = talk.calls.filter((call) => call.startsWith('ask')).length
    talk.respond(0, '', [{ callId: 'c2', name: second }])
    await talk.time.pass(200)
    // Nobody has said anything since the caller spoke.
    expect(talk.steps.map(({ step }) => step)).not.toContain('hangUp')
    expect(talk.calls.filter((call) => call.startsWith('ask')).length).toBe(before + 1)
  },
)
