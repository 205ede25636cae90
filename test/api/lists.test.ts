import { describe, expect } from 'vitest'
import { lead, rows, somebody, test } from './desk.ts'

interface Row {
  row: number
  status: string
  lead_id: string | null
  call_id: string | null
  reason: string | null
  errors: { pointer: string; code: string }[]
}

/** Of what no call is made: which row, why, where. */
const brief = ({ row, status, reason, errors }: Row) => [
  row,
  status,
  reason,
  errors.map(({ pointer, code }) => `${pointer} ${code}`).toSorted(),
]

describe('createList', () => {
  test('answers each row on its own', async ({ desk, served }) => {
    const [one, two, three, optedOut, open] = Array.from({ length: 5 }, somebody) as [
      string,
      string,
      string,
      string,
      string,
    ]
    await desk.post('/workspace/dnc', { phones: [optedOut] })
    const earlier = (await desk.post('/v1/leads', { ...lead, phone: open })).body
    const before = await rows(served)
    const { status, body } = await desk.post('/v1/lists', {
      flow_id: 'flow_pricing_v3',
      consent: true,
      campaign: 'recovery',
      leads: [
        { phone: one, name: 'Ece Y.' },
        { phone: '+1202' },
        { phone: one.replace('+90', '0'), country: 'TR' },
        { phone: two, consent: false },
        { phone: optedOut },
        { phone: open },
        { phone: two, flow_id: 'flow_of_nobody' },
        { phone: 5, colour: 'red', consent: 'yes', 'a/b': { c: 1 } },
        { phone: three, name: 'a\u0000b' },
        {},
        { phone: three, source: 'facebook', campaign: 'own' },
        { phone: two },
        'a word',
        null,
        [{ phone: two }],
        { phone: three, time_zone: 'Mars/Phobos' },
        { phone: '+1202', flow_id: 'flow_of_nobody' },
      ],
    })
    expect(status).toBe(202)
    const results: Row[] = body.results
    expect(results.map(brief)).toEqual([
      [0, 'queued', null, []],
      [1, 'rejected', 'phone_invalid', ['/phone phone_invalid']],
      [2, 'queued', 'duplicate', []],
      [3, 'rejected', 'consent_required', ['/consent consent_required']],
      [4, 'rejected', 'opted_out', [' opted_out']],
      [5, 'queued', 'duplicate', []],
      [6, 'rejected', 'no_flow_matches', ['/flow_id no_flow_matches']],
      [
        7,
        'rejected',
        'invalid_request',
        ['/a~1b invalid_request', '/colour invalid_request', '/consent invalid_request', '/phone invalid_request'],
      ],
      [8, 'rejected', 'invalid_request', ['/name invalid_request']],
      [9, 'rejected', 'invalid_request', ['/phone invalid_request']],
      [10, 'queued', null, []],
      [11, 'queued', null, []],
      [12, 'rejected', 'invalid_request', [' invalid_request']],
      [13, 'rejected', 'invalid_request', [' invalid_request']],
      [14, 'rejected', 'invalid_request', [' invalid_request']],
      [15, 'rejected', 'lead_invalid', ['/time_zone lead_invalid']],
      [16, 'rejected', 'phone_invalid', ['/flow_id no_flow_matches', '/phone phone_invalid']],
    ])
    expect([body.accepted, body.duplicates, body.rejected]).toEqual([3, 2, 12])
    expect(results[2]).toMatchObject({ lead_id: results[0]!.lead_id, call_id: results[0]!.call_id })
    expect(results[5]).toMatchObject({ lead_id: earlier.lead_id, call_id: earlier.call_id })
    for (const { status: state, call_id, lead_id } of results) {
      expect(state === 'rejected').toBe(call_id === null && lead_id === null)
    }
    const after = await rows(served)
    const more = Object.entries(after).filter(([table, n]) => n !== before[table])
    expect(Object.fromEntries(more.map(([table, n]) => [table, n - before[table]!]))).toEqual({
      lists: 1,
      leads: 3,
      calls: 3,
      events: 3,
      deliveries: 3,
      jobs: 6,
      spans: 9,
    })
    const { sql } = served.runtime
    const written = await sql`
      select l.phone, l.source, l.campaign, c.priority from leads l join calls c on c.lead_id = l.id
      where l.list_id = ${body.list_id} order by l.phone`
    // A lane of their own behind single leads.
    expect([...written]).toEqual([
      { phone: one, source: 'list', campaign: 'recovery', priority: -1 },
      { phone: two, source: 'list', campaign: 'recovery', priority: -1 },
      { phone: three, source: 'facebook', campaign: 'own', priority: -1 },
    ])
    const [job] =
      await sql`select priority from pgboss.job where name = 'dial' and data->>'callId' = ${results[0]!.call_id}`
    expect(job?.priority).toBe(-1)
    const [list] = await sql`select accepted, rejected from lists where id = ${body.list_id}`
    expect(list).toEqual({ accepted: 3, rejected: 12 })
  })

  test('says one thing about the whole only when the whole is wrong', async ({ desk, served }) => {
    const before = await rows(served)
    const row = { ...lead, phone: '+905321234567' }
    for (const [body, pointers] of [
      [{}, ['/leads']],
      [{ leads: [] }, ['/leads']],
      [{ leads: 'all' }, ['/leads']],
      [{ leads: [row], rows: [], flow_id: 'No', consent: 'yes' }, ['/consent', '/flow_id', '/rows']],
      [{ leads: [row], source: 'a\u0000b' }, ['/source']],
      [{ leads: Array(10_001).fill(row) }, ['/leads']],
    ] as const) {
      const answer = await desk.post('/v1/lists', body)
      expect([answer.status, answer.body.code]).toEqual([422, 'invalid_request'])
      expect(answer.body.errors.map(({ pointer }: { pointer: string }) => pointer).toSorted()).toEqual(pointers)
    }
    expect(await rows(served)).toEqual(before)
  })

  test('a list without one good row is a list all the same', async ({ desk }) => {
    const { status, body } = await desk.post('/v1/lists', { leads: [{ phone: '1' }] })
    expect([status, body.accepted, body.duplicates, body.rejected]).toEqual([202, 0, 0, 1])
  })

  test('two lists at once that share their numbers make one call each', async ({ desk, served }) => {
    const phones = Array.from({ length: 60 }, somebody)
    const before = await rows(served)
    const post = (leads: string[]) => desk.post('/v1/lists', { ...lead, leads: leads.map((phone) => ({ phone })) })
    const answers = await Promise.all([post(phones), post(phones.toReversed()), post(phones)])
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    const counts = answers.map(({ body: { accepted, duplicates } }) => ({ accepted, duplicates }))
    expect(counts.reduce((sum, { accepted }) => sum + accepted, 0)).toBe(60)
    expect(counts.every(({ accepted, duplicates }) => accepted + duplicates === 60)).toBe(true)
    const callsOf = ({ body }: (typeof answers)[number]) => body.results.map(({ call_id }: Row) => call_id).toSorted()
    expect(callsOf(answers[1]!)).toEqual(callsOf(answers[0]!))
    const after = await rows(served)
    expect([after.leads! - before.leads!, after.calls! - before.calls!, after.events! - before.events!]).toEqual([
      60, 60, 60,
    ])
  })

  test('10,000 rows are one request', async ({ desk, served }) => {
    const leads = Array.from({ length: 10_000 }, (_, index) => ({
      phone:
        index % 100 === 99 ? 'nobody' : index % 100 === 98 ? '+905330000000' : `+90534${String(1_000_000 + index)}`,
      name: `Person ${index}`,
      metadata: { row: String(index) },
    }))
    const before = await rows(served)
    const { status, body } = await desk.post('/v1/lists', { ...lead, leads })
    expect(status).toBe(202)
    expect([body.accepted, body.duplicates, body.rejected]).toEqual([9801, 99, 100])
    expect(body.results.map(({ row }: Row) => row)).toEqual(leads.map((_, index) => index))
    const after = await rows(served)
    expect([after.leads! - before.leads!, after.calls! - before.calls!]).toEqual([9801, 9801])
    expect([after.events! - before.events!, after.deliveries! - before.deliveries!]).toEqual([9801, 9801])
    expect([after.jobs! - before.jobs!, after.spans! - before.spans!]).toEqual([2 * 9801, 3 * 9801])
  })
})
