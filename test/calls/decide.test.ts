import { expect, test } from 'vitest'
import { decide } from '../../runtime/calls/decide.ts'

test.each([
  ['accepted', { outcome: 'qualified', reason: 'transferred' }],
  ['declined', { outcome: 'not_fit', reason: 'not_interested' }],
] as const)('who was not interested, and for whom a handoff was %s', (result, outcome) => {
  const notFit = { reason: 'not_interested', detail: null } as const
  const findings = { notFit, handoff: { queue: 'sales', reason: 'prices', result } }
  const facts = { findings, answers: {}, slots: [], booked: false, endedBy: 'agent', answeredBy: null }
  expect(decide(facts)).toMatchObject(outcome)
})
