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
