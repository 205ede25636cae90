import { expect } from 'vitest'
import { people, test } from '../harness/talkif.ts'

/** A flow that calls on somebody's behalf and books with who answers. */
const flow = (business: string) => `id: f
match: {source: web_form, intent: trial}
agent: {business: ${business}}
qualify: [need]
on: {qualified: book(calendar.mehmet)}
`

test('an appointment is with the business on whose behalf the call was made, also when the flow names another since', async ({
  talkif,
}) => {
  await talkif.deploy(flow('Vega Tours'))
  const lead = { source: 'web_form', intent: 'trial', consent: true, name: 'Ada' } as const
  const { call_id } = await talkif.api.createLead({ ...lead, phone: people.books })
  const { body } = await talkif.inbox.next('outcome.booked', call_id)
  await talkif.deploy(flow('Orion Travel'))
  const file = await fetch(body.artifacts.calendar_url)
  expect(await file.text()).toContain('SUMMARY:Ada · Vega Tours\r\n')
})
