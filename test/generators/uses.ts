/**
 * Small programs against the two generated clients, all eight operations each. They are compiled beside what was generated, by the
 * TypeScript of this folder, and run: a type that is wrong does not compile, a request that is wrong comes back as a problem.
 */

/** What both programs return. */
export interface Used {
  flow: { id: string; change: string | null }
  versions: number
  call: { id: string; status: string; transcript: number }
  list: { accepted: number; rejected: number }
  number: string
  queue: { name: string; target: string | undefined }
  cancelled: string
  replayed: boolean
  refused: { status: number; code: string; pointers: string[] }
}

const yaml = 'id: flow_generated\\nmatch:\\n  source: web_form\\n'

export const withOpenapiFetch = `
import createClient from 'openapi-fetch'
import type { components, paths, webhooks } from './schema.js'

type Booked = webhooks['outcome.booked']['post']['requestBody']['content']['application/json']
export const slotOf = (event: Booked): string => event.booking.slot
export const codes: components['schemas']['Problem']['code'][] = ['consent_required', 'rate_limited']

const must = <T>({ data, error }: { data?: T; error?: unknown }): T => {
  if (data === undefined) throw new Error(JSON.stringify(error))
  return data
}

export async function run(baseUrl: string, key: string, phone: string) {
  const api = createClient<paths>({ baseUrl, headers: { authorization: 'Bearer ' + key } })
  const flow = must(await api.POST('/v1/flows', { body: { yaml: '${yaml}' } }))
  const versions = must(await api.GET('/v1/flows/{id}', { params: { path: { id: flow.id } } })).versions
  const request = {
    params: { header: { 'Idempotency-Key': 'openapi-fetch' } },
    body: { source: 'web_form', phone, consent: true, flow_id: flow.id, metadata: { form: '4711' } },
  }
  const lead = must(await api.POST('/v1/leads', request))
  const again = await api.POST('/v1/leads', request)
  const query = { wait: 0, include: ['transcript' as const] }
  const call = must(await api.GET('/v1/calls/{id}', { params: { path: { id: lead.call_id }, query } }))
  const list = must(await api.POST('/v1/lists', { body: { consent: true, flow_id: flow.id, leads: [{ phone }, {}] } }))
  const numbers = must(await api.GET('/v1/numbers', { params: { query: { limit: 1 } } }))
  const targets = [{ phone: '+902125550123', name: 'Mehmet' }, { sip: 'sip:sales@helena.example' }]
  const queue = must(await api.POST('/v1/handoffs', { body: { name: 'generated', targets } }))
  const cancelled = must(await api.DELETE('/v1/leads/{id}', { params: { path: { id: lead.lead_id } } }))
  const refused = await api.POST('/v1/leads', { body: { source: 'web_form', phone, call_within: 0 } })
  return {
    flow: { id: flow.id, change: flow.change },
    versions: versions.length,
    call: { id: call.id, status: call.status, transcript: call.transcript?.length ?? -1 },
    list: { accepted: list.accepted + list.duplicates, rejected: list.rejected },
    number: numbers.data[0]!.phone,
    queue: { name: queue.name, target: queue.targets[0]?.phone },
    cancelled: cancelled.status,
    replayed: again.response.headers.get('idempotency-replayed') === 'true',
    refused: {
      status: refused.response.status,
      code: refused.error!.code,
      pointers: (refused.error!.errors ?? []).map((fault) => fault.pointer),
    },
  }
}
`

export const withHeyApi = `
import * as api from './hey/index.js'
import { createClient } from './hey/client/index.js'

export const slotOf = (event: api.OutcomeBookedEvent): string => event.booking.slot
export const codes: api.Problem['code'][] = ['consent_required', 'rate_limited']

export async function run(baseUrl: string, key: string, phone: string) {
  const client = createClient({ baseUrl, auth: () => key })
  const it = { client, throwOnError: true } as const
  const { data: flow } = await api.upsertFlow({ ...it, body: { yaml: '${yaml}' } })
  const { data: read } = await api.getFlow({ ...it, path: { id: flow.id } })
  const request = {
    ...it,
    headers: { 'Idempotency-Key': 'hey-api' },
    body: { source: 'web_form', phone, consent: true, flow_id: flow.id, metadata: { form: '4711' } },
  }
  const { data: lead } = await api.createLead(request)
  const again = await api.createLead(request)
  const { data: call } = await api.getCall({ ...it, path: { id: lead.call_id }, query: { wait: 0, include: ['transcript'] } })
  const { data: list } = await api.createList({ ...it, body: { consent: true, flow_id: flow.id, leads: [{ phone }, {}] } })
  const { data: numbers } = await api.listNumbers({ ...it, query: { limit: 1 } })
  const targets = [{ phone: '+902125550123', name: 'Mehmet' }, { sip: 'sip:sales@helena.example' }]
  const { data: queue } = await api.upsertHandoff({ ...it, body: { name: 'generated', targets } })
  const { data: cancelled } = await api.cancelLead({ ...it, path: { id: lead.lead_id } })
  const refused = await api.createLead({ client, body: { source: 'web_form', phone, call_within: 0 } })
  return {
    flow: { id: flow.id, change: flow.change },
    versions: read.versions.length,
    call: { id: call.id, status: call.status, transcript: call.transcript?.length ?? -1 },
    list: { accepted: list.accepted + list.duplicates, rejected: list.rejected },
    number: numbers.data[0]!.phone,
    queue: { name: queue.name, target: queue.targets[0]?.phone },
    cancelled: cancelled.status,
    replayed: again.response.headers.get('idempotency-replayed') === 'true',
    refused: {
      status: refused.response!.status,
      code: refused.error!.code,
      pointers: (refused.error!.errors ?? []).map((fault) => fault.pointer),
    },
  }
}
`
