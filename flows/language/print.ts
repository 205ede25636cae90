import { stringify } from 'yaml'
import { type Flow, type FlowAction, OUTCOMES } from '../../openapi/schemas/flow-document.ts'

/** A flow as YAML that `parseFlow` reads back to the same flow; what is empty is left out. */
export function printFlow(flow: Flow): string {
  const { call, agent } = flow
  const document = {
    id: flow.id,
    match: filled(flow.match),
    call: filled({
      within: duration(call.within_seconds),
      voice: call.voice,
      quiet_hours: call.quiet_hours && `${call.quiet_hours.from}-${call.quiet_hours.to}`,
      max_duration: duration(call.max_duration_seconds),
      idle: duration(call.idle_seconds),
      record: call.record,
      retention: call.retention_days && `${call.retention_days}d`,
      detect_machine: call.detect_machine,
      voicemail_message: call.voicemail_message,
    }),
    agent: filled(agent),
    qualify: flow.qualify.map(({ name, question }) => (question === null ? name : { [name]: question })),
    on: filled(Object.fromEntries(OUTCOMES.map((outcome) => [outcome, flow.on[outcome].map(action)]))),
  }
  return stringify(document, { lineWidth: 0, aliasDuplicateObjects: false })
}

/** Without what is null or empty. */
function filled(values: Record<string, unknown>): Record<string, unknown> {
  const isFilled = (value: unknown) => value !== null && !(Array.isArray(value) && value.length === 0)
  return Object.fromEntries(Object.entries(values).filter(([, value]) => isFilled(value)))
}

function duration(seconds: number): string {
  if (seconds % 3_600 === 0) return `${seconds / 3_600}h`
  return seconds % 60 === 0 ? `${seconds / 60}m` : `${seconds}s`
}

function action(it: FlowAction): string {
  if (it.type === 'book') return `book(calendar.${it.calendar})`
  if (it.type === 'retry') return `retry(${duration(it.delay_seconds)}, max=${it.max}, backoff=${it.backoff})`
  if (it.type === 'log') return `log(${quoted(it.reason)})`
  if (it.type === 'handoff') return `handoff(${quoted(it.queue)})`
  if (it.type === 'webhook') return `webhook(${quoted(it.name)})`
  return it.template === null ? it.type : `${it.type}(${quoted(it.template)})`
}

const quoted = (text: string) => `"${text.replace(/["\\]/g, '\\$&')}"`
