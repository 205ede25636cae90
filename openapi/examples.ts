/** Where the server of the examples is; pages put their own address in its place. */
export const EXAMPLE_URL = 'https://talkif.example'

/** Examples of the contract, as on the product page; a test parses each with its schema. */
export const lead = {
  source: 'web_form',
  phone: '+12025550100',
  intent: 'pricing',
  consent: true,
  flow_id: 'flow_pricing_v3',
}

const ids = {
  lead_id: 'lead_01kb4t2m7ye8q9v3x5z6c7d8f9',
  call_id: 'call_01kb4t2m7ye8q9v3x5z6c7d8fa',
  trace_id: '4bf92f3577b34da6a3ce929d0e0e4736',
}

export const leadReceipt = {
  ...ids,
  status: 'queued',
  flow_id: 'flow_pricing_v3',
  flow_version: 1,
  not_before: null,
  reason: null,
  test: true,
}

export const call = {
  id: ids.call_id,
  status: 'completed',
  test: true,
  lead_id: ids.lead_id,
  flow_id: 'flow_pricing_v3',
  flow_version: 1,
  phone: '+12025550100',
  created_at: '2026-05-26T12:04:11.022Z',
  not_before: null,
  reason: null,
  detail: null,
  attempts: [
    {
      attempt: 1,
      from: '+12025550199',
      provider_call_sid: 'CA8f2ab1c08f2ab1c08f2ab1c08f2ab1c0',
      result: 'answered',
      dialed_at: '2026-05-26T12:04:23.011Z',
      answered_at: '2026-05-26T12:04:42.318Z',
      ended_at: '2026-05-26T12:06:03.412Z',
      recording_url: `${EXAMPLE_URL}/artifacts/r/call_01kb4t2m7ye8q9v3x5z6c7d8fa.1?expires=1780000000&signature=c2ln`,
    },
  ],
  outcome: 'booked',
  qualified: true,
  answers: { need: 'a data degree', timing: 'the fall intake', budget: '12k', location: 'Istanbul' },
  booking: {
    slot: '2026-05-26T15:30:00.000Z',
    owner: 'mehmet@helena.example',
    notes: 'Fall intake, data track, budget 12k.',
  },
  handoff: null,
  metrics: { first_dial_ms: 12100, answered_at_ms: 22300, outcome_at_ms: 91450 },
  artifacts: {
    transcript_url: `${EXAMPLE_URL}/artifacts/t/call_01kb4t2m7ye8q9v3x5z6c7d8fa?expires=1780000000&signature=c2ln`,
    recording_url: `${EXAMPLE_URL}/artifacts/r/call_01kb4t2m7ye8q9v3x5z6c7d8fa?expires=1780000000&signature=c2ln`,
    calendar_url: `${EXAMPLE_URL}/artifacts/c/call_01kb4t2m7ye8q9v3x5z6c7d8fa?expires=1780000000&signature=c2ln`,
  },
  trace_id: ids.trace_id,
}

export const flowYaml = `id: flow_pricing_v3
match:
  source: [web_form, meta_lead_ads]
  intent: pricing
  language: [tr, en]
call:
  within: 60s  # dial budget
  voice: voice_warm_tr
  quiet_hours: 22:00-09:00
qualify:
  - need - timing - budget - location
on:
  qualified: book(calendar.mehmet)
  no_answer:   retry(15m, max=3) whatsapp
  not_fit:     log("out_of_scope")
`

export const list = {
  flow_id: 'flow_pricing_v3',
  consent: true,
  leads: [{ phone: '+12025550100', name: 'Ece Y.' }, { phone: '+1202' }],
}

export const listReceipt = {
  list_id: 'list_01kb4t2m7ye8q9v3x5z6c7d8fb',
  accepted: 1,
  duplicates: 0,
  rejected: 1,
  results: [
    { row: 0, status: 'queued', lead_id: ids.lead_id, call_id: ids.call_id, reason: null, errors: [] },
    {
      row: 1,
      status: 'rejected',
      lead_id: null,
      call_id: null,
      reason: 'phone_invalid',
      errors: [{ pointer: '/phone', code: 'phone_invalid', detail: 'The number is too short.' }],
    },
  ],
}

export const numbers = {
  data: [
    {
      id: 'num_01kb4t2m7ye8q9v3x5z6c7d8fc',
      phone: '+12025550199',
      label: 'Sandbox',
      country: 'US',
      test: true,
      can_dial: true,
      cannot_dial_reason: null,
    },
  ],
  has_more: false,
  next_cursor: null,
}

export const handoff = { name: 'sales', targets: [{ name: 'Mehmet', phone: '+902125550123' }], timeout_seconds: 20 }

export const handoffQueue = {
  id: 'queue_01kb4t2m7ye8q9v3x5z6c7d8fd',
  name: 'sales',
  targets: [{ name: 'Mehmet', phone: '+902125550123' }],
  order: 'in_turn',
  hours: null,
  languages: [],
  timeout_seconds: 20,
  fallback: 'callback',
  created_at: '2026-05-26T12:04:11.022Z',
  updated_at: '2026-05-26T12:04:11.022Z',
}

export const flow = {
  id: 'flow_pricing_v3',
  version: 1,
  change: 'created',
  retired_at: null,
  definition: {
    id: 'flow_pricing_v3',
    match: { source: ['web_form', 'meta_lead_ads'], campaign: [], intent: ['pricing'], language: ['tr', 'en'] },
    call: {
      within_seconds: 60,
      voice: 'voice_warm_tr',
      engine: 'realtime',
      quiet_hours: { from: '22:00', to: '09:00' },
      max_duration_seconds: 600,
      idle_seconds: 8,
      record: false,
      retention_days: null,
      detect_machine: true,
      voicemail_message: null,
    },
    agent: {
      name: null,
      business: null,
      greeting: null,
      greeting_interruptible: true,
      interrupt_after_ms: 300,
      interrupt_words: 1,
      manner: null,
      knowledge: null,
      prompt: null,
    },
    qualify: ['need', 'timing', 'budget', 'location'].map((name) => ({
      ...{ name, question: null, type: 'text', options: [], required: true, disqualify_if: [] },
    })),
    tools: [],
    on: {
      qualified: [{ type: 'book', calendar: 'mehmet' }],
      booked: [],
      no_answer: [
        { type: 'retry', delay_seconds: 900, max: 3, backoff: 2 },
        { type: 'whatsapp', template: null, with: {} },
      ],
      not_fit: [{ type: 'log', reason: 'out_of_scope' }],
      wrong_number: [],
    },
  },
  versions: [
    { version: 1, hash: 'e3b0c44298fc1c149afbf4c8996fb924', created_at: '2026-05-26T12:00:00.000Z', yaml: flowYaml },
  ],
}
