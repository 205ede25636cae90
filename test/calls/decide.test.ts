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

const talked = { answers: {}, slots: [], booked: false, endedBy: 'agent', answeredBy: null }

test('"wrong number … oh wait, that is me" and then a booking: the slot is confirmed, so the call is booked', () => {
  expect(decide({ ...talked, findings: { wrongNumber: true, finished: true }, booked: true })).toMatchObject({
    outcome: 'booked',
  })
})

test.each([
  ['the carrier heard a machine', { finished: true }, 'machine_end'],
  ['the model said that a machine answered', { finished: true, voicemail: true }, null],
  ['a screening robot said that they cannot talk', { finished: true, screened: true }, null],
])('nobody was talked to (%s) and the model hung up with end_call: no qualified lead', (_, findings, answeredBy) => {
  expect(decide({ ...talked, findings, answeredBy })).toMatchObject({ kind: 'missed' })
})
