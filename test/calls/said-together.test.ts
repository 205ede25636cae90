import { expect, test } from 'vitest'
import { createSaidTogether } from '../../runtime/calls/said-together.ts'
import { asksToStop } from '../../runtime/guardrails/opt-out.ts'
import { virtualClock } from '../voice/virtual-clock.ts'

test('a request that is broken by a breath is one; what was said long before is another sentence', async () => {
  const time = virtualClock()
  const together = createSaidTogether(time.clock)
  expect(asksToStop(together('Please stop'))).toBe(false)
  await time.pass(900)
  expect(asksToStop(together('calling me.'))).toBe(true)
  await time.pass(60_000)
  expect(together('Yes.')).toBe('Yes.')
  for (const word of ['one', 'two', 'three', 'four']) together(word)
  expect(together('five')).toBe('three four five')
})

/** Said one after the other, with a question of the agent's in between. */
async function isRequest(first: string, second: string): Promise<boolean> {
  const time = virtualClock()
  const together = createSaidTogether(time.clock)
  together(first)
  await time.pass(4_500)
  return asksToStop(together(second))
}

test.each([
  // Of two questions of the agent's, one after the other.
  ["No, I don't.", 'Call me again at six, please.'],
  ['No, never.', 'Call me next week, then I know more.'],
  ['No more.', 'Calls after five are fine.'],
  ['No.', 'Vuelva a llamar mañana.'],
])('%j and %j are two answers, and no request', async (first, second) => {
  expect(await isRequest(first, second)).toBe(false)
})

test.each([
  ['Please stop.', 'Calling me.'],
  ['Please do not.', 'Call me again.'],
  ['Beni bir daha', 'aramayın.'],
  ['Rufen Sie mich bitte.', 'Nicht mehr an.'],
  ['Deje de.', 'Llamarme.'],
  ["Ne m'appelez.", 'Plus jamais.'],
])('%j and %j are one request, whatever came between', async (first, second) => {
  expect(await isRequest(first, second)).toBe(true)
})
