import { call, lead, leadReceipt } from './examples.ts'
import { readShape } from './faults.ts'
import { CreateLead } from './schemas/lead.ts'
import { detailOf, type FieldFault, type Problem, type ProblemCode, problemCodes, problems } from './schemas/problem.ts'

interface Told {
  detail: string
  param?: string
  errors?: FieldFault[]
}

/** One fault, which then is the problem. */
const one = (pointer: string, code: ProblemCode, detail: string): Told => ({
  detail,
  param: pointer.slice(1),
  errors: [{ pointer, code, detail }],
})

const { faults } = readShape(CreateLead, { ...lead, call_within: 172_800, intnet: 'pricing' })

/** What an answer of each code says of its request; the test of the API holds what it can provoke against these. */
const told: Record<ProblemCode, Told> = {
  unauthenticated: { detail: 'No API key was sent.' },
  forbidden: { detail: 'This key lacks the scope leads:write.' },
  not_found: { detail: `There is no call ${call.id} here.`, param: 'id' },
  method_not_allowed: { detail: 'PUT is not possible at /v1/leads; POST is.' },
  unsupported_media_type: { detail: 'text/plain is not read here.' },
  payload_too_large: { detail: 'The body may have at most 256 kB.' },
  malformed_json: { detail: 'The body is not JSON: Unexpected end of JSON input' },
  invalid_request: { detail: detailOf(faults[0]!, faults), errors: faults },
  consent_required: one('/consent', 'consent_required', 'The person has not agreed to be called.'),
  phone_invalid: one('/phone', 'phone_invalid', 'Write it with + and the country code, or add the country.'),
  lead_invalid: one('/time_zone', 'lead_invalid', 'time_zone must be an IANA name, as Europe/Istanbul is.'),
  opted_out: { detail: 'The person at this number asked this workspace not to call.', param: 'phone' },
  no_flow_matches: one('/flow_id', 'no_flow_matches', 'There is no flow flow_pricing_v4 in this workspace.'),
  flow_invalid: {
    detail: 'Line 3, column 14: unknown action "retyr"; did you mean "retry"?',
    param: 'yaml',
    errors: [
      {
        pointer: '/yaml',
        code: 'flow_invalid',
        detail: 'unknown action "retyr"; did you mean "retry"?',
        line: 3,
        column: 14,
      },
    ],
  },
  quota_exceeded: { detail: 'The 50 live calls of this month are used up.' },
  already_dialed: { detail: `The call ${leadReceipt.call_id} is in_progress after 1 dials.` },
  permanent: { detail: '+12025550143 opted out of real calls, which is permanent.', param: 'phone' },
  plan_changed: { detail: 'This would change something else than it did when it was planned.' },
  idempotency_conflict: { detail: 'A request with the Idempotency-Key form-4711 is still running.' },
  idempotency_mismatch: { detail: 'The Idempotency-Key form-4711 was used for another request body.' },
  rate_limited: { detail: 'This workspace creates leads faster than it may.' },
  unavailable: { detail: 'The database cannot be reached at the moment.' },
}

/** One answer of each code, as a server at `url` gives it. */
export const problemExamples = (url: string): Record<ProblemCode, Problem> =>
  Object.fromEntries(problemCodes.map((code) => [code, example(code, url)])) as Record<ProblemCode, Problem>

function example(code: ProblemCode, url: string): Problem {
  const [status, title, suggested_action] = problems[code]
  return {
    type: `${url}/docs/problems/${code}`,
    title,
    status,
    code,
    param: null,
    ...told[code],
    request_id: 'req_01kb4t2m7ye8q9v3x5z6c7d8ff',
    suggested_action,
  }
}
