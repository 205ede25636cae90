import { z } from '../zod.ts'
/**
 * Every way a request can fail: its HTTP status, its title, and the next step when the place that raised it names none.
 * The order is the precedence: of several faults the first listed names the problem.
 */
export const problems = {
  unauthenticated: [401, 'No valid API key', 'Send `Authorization: Bearer tk_test_…` with a key of this workspace.'],
  forbidden: [403, 'This key may not do that', 'Use a key whose scopes include the one named in `detail`.'],
  not_found: [404, 'No such thing here', 'Check the id, and that the key belongs to the same workspace and mode.'],
  method_not_allowed: [405, 'No such method here', 'Use a method that `Allow` names; /openapi.json lists them all.'],
  unsupported_media_type: [415, 'Unsupported media type', 'Send `Content-Type: application/json`.'],
  payload_too_large: [413, 'The body is too large', 'Send less than the size named in `detail`; split lists.'],
  malformed_json: [400, 'The body is not JSON', 'Send one JSON object encoded as UTF-8.'],
  invalid_request: [422, 'The request has faults', 'Mend every entry of `errors` and send the request again.'],
  consent_required: [422, 'Consent is required', 'Obtain the person\'s consent, then send `"consent": true`.'],
  phone_invalid: [422, 'Not a phone number', 'Send the whole number as E.164, or give its `country`.'],
  lead_invalid: [422, 'The lead does not add up', 'Mend every entry of `errors` and send the lead again.'],
  opted_out: [422, 'This person asked not to be called', 'Do not call this number; remove it from your lists.'],
  no_flow_matches: [422, 'No flow matches this lead', 'Deploy a flow that matches, or name one in `flow_id`.'],
  flow_invalid: [422, 'The flow has faults', 'Mend the lines named in `errors` and send the YAML again.'],
  quota_exceeded: [402, 'The quota is used up', 'Wait for the next calendar month, or use a test key.'],
  already_dialed: [
    409,
    'The call was already dialed',
    'Fetch the call to see how it goes; it can no longer be cancelled.',
  ],
  permanent: [409, 'This cannot be undone', 'Leave it as it is: an opt-out from real calls is kept for good.'],
  plan_changed: [409, 'The plan is out of date', 'Look at what would change now, then apply that.'],
  idempotency_conflict: [409, 'The same key is in use', 'Wait for the first request to end, then send it again.'],
  idempotency_mismatch: [422, 'The same key came with another body', 'Use a new Idempotency-Key for a new request.'],
  rate_limited: [429, 'Too many requests', 'Wait `Retry-After` seconds, then send the request again.'],
  unavailable: [503, 'Unavailable', 'Wait `Retry-After` seconds, then send the request again.'],
} as const satisfies Record<string, readonly [status: number, title: string, suggestedAction: string]>

export type ProblemCode = keyof typeof problems
export const problemCodes = Object.keys(problems) as [ProblemCode, ...ProblemCode[]]

export const FieldFault = z
  .object({
    pointer: z.string().describe('JSON pointer (RFC 6901) into the input; empty for the whole of it, or for a header.'),
    code: z.string().describe('A code of problems, of this one fault.'),
    detail: z.string().describe('What is wrong, and what would be right.'),
    line: z.number().int().optional().describe('Of the YAML text, from 1.'),
    column: z.number().int().optional().describe('Of that line, from 1.'),
  })
  .openapi('FieldFault')
export type FieldFault = z.infer<typeof FieldFault>

/** What a problem says of several faults: the one that names it, and how many more there are. */
export const detailOf = ({ detail }: FieldFault, all: FieldFault[]): string =>
  all.length === 1 ? detail : `${detail.replace(/\.$/, '')} (and ${all.length - 1} more, see errors).`

/** RFC 9457. The same object is the body over HTTP and the text of an MCP tool error. */
export const Problem = z
  .object({
    type: z.url().describe('A page of this server that explains the code.'),
    title: z.string().describe('What the code means.'),
    status: z.number().int().describe('The HTTP status.'),
    detail: z.string().describe('What was wrong with this request.'),
    code: z.enum(problemCodes).describe('Stable: branch on this.'),
    param: z.string().nullable().describe('The one parameter at fault, where there is one.'),
    errors: z.array(FieldFault).optional().describe('Every fault, not only the first.'),
    request_id: z.string().describe('Quote it when you ask for help.'),
    suggested_action: z.string().describe('What to do next, in one imperative sentence.'),
  })
  .openapi('Problem')
  .describe('Why a request failed, and what to do next (RFC 9457).')
export type Problem = z.infer<typeof Problem>
