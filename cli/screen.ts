import { sandboxPeople } from '../openapi/sandbox-people.ts'
import type { Call, Trace } from '../openapi/schemas/call.ts'
import type { LeadReceipt } from '../openapi/schemas/lead.ts'
import type { DevFile } from './demo-workspace.ts'
import type { Arrival } from './dev.ts'
import { duration, timeOfDay } from './words.ts'

interface Start {
  file: DevFile
  database: 'started' | 'adopted' | 'external'
  pace: number
  waits: number
}

const databases = {
  started: 'PostgreSQL from npm, started for you',
  adopted: 'PostgreSQL from npm, found running and adopted',
  external: 'the PostgreSQL of DATABASE_URL',
}

/** What a newcomer needs: where things are, the key, and a command to paste. */
export function banner({ file, database, pace, waits }: Start): string[] {
  return [
    '',
    'Talkif is ready.',
    '',
    `  API        ${file.url}/v1`,
    `  docs       ${file.url}/docs?key=${file.test_key}`,
    `  agents     ${file.url}/mcp (MCP) · ${file.url}/llms.txt`,
    `  contract   ${file.url}/openapi.json`,
    `  database   ${databases[database]}`,
    `  test key   ${file.test_key}`,
    '',
    'Place a call of your own (a sandbox person answers; no real phone rings):',
    '',
    `  curl -X POST ${file.url}/v1/leads \\`,
    `    -H "Authorization: Bearer ${file.test_key}" \\`,
    '    -H "Content-Type: application/json" \\',
    `    -d '{"source": "web_form", "phone": "${sandboxPeople[0]!.number}", "intent": "pricing", "consent": true, "flow_id": "flow_pricing_v3"}'`,
    '',
    'Other people of the sandbox pick up in other ways; npx talkif sandbox lists them.',
    `Time-lapse: conversations run ${pace} times, and waits (ringing, retries) ${waits} times as fast as life.`,
    '',
  ]
}

export function traceHeading(receipt: LeadReceipt, person: { name: string; number: string }): string[] {
  return [`Now a demo lead: ${person.name}, ${person.number}`, `trace · ${receipt.call_id} · ${receipt.trace_id}`]
}

/** One row as on the product page: time, name, status, and how long since the row before. */
export function milestoneLine({ at, name, status, ms }: Trace['milestones'][number]): string {
  return `  ${timeOfDay(at)}  ${name.padEnd(15)} ${status.padEnd(13)} ${duration(ms)}`
}

export const traceSummary = ({ milestones, spans, total_ms }: Trace, status: string): string =>
  `  ${milestones.length} milestones, ${spans.length} spans · ${(total_ms / 1000).toFixed(1)} s · status: ${status}`

export function webhookLines(
  { payload, id, timestamp, signature, body }: Arrival,
  call: Call,
  genuine: boolean,
): string[] {
  const trace = call.trace!
  const json = JSON.stringify(JSON.parse(body), null, 2)
  return [
    traceSummary(trace, call.outcome!),
    '',
    `WEBHOOK ${payload.event} · signed · hmac-sha256${genuine ? ', verified' : ', BUT THE SIGNATURE DOES NOT VERIFY'}`,
    `webhook-id: ${id}`,
    `webhook-timestamp: ${timestamp}`,
    `webhook-signature: ${signature}`,
    ...json.split('\n'),
  ]
}
