import { type Flow, type FlowSlot, type FlowTool, OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { DEFAULTS, SLOT_DEFAULTS, TIMEOUT_DEFAULT } from './defaults.ts'
import { duration, printActions } from './print-actions.ts'

export type Keys = Record<string, unknown>

/** A flow by the keys of its file, all of them, also those that say what would be meant without them. */
export function keysOf(flow: Flow) {
  return {
    id: flow.id,
    match: matchKeys(flow.match),
    call: callKeys(flow.call),
    agent: agentKeys(flow.agent),
    qualify: Object.fromEntries(flow.qualify.map((slot) => [slot.name, slotKeys(slot)])),
    tools: Object.fromEntries(flow.tools.map((tool) => [tool.name, toolKeys(tool)])),
    on: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, printActions(flow.on[outcome])])),
  }
}

function matchKeys({ source, campaign, intent, language }: Flow['match']): Keys {
  return {
    ...{ source: oneOrMore(source), campaign: oneOrMore(campaign) },
    ...{ intent: oneOrMore(intent), language: oneOrMore(language) },
  }
}

function callKeys(call: Flow['call']): Keys {
  return {
    within: duration(call.within_seconds),
    voice: call.voice,
    engine: call.engine,
    quiet_hours: call.quiet_hours && `${call.quiet_hours.from}-${call.quiet_hours.to}`,
    max_duration: duration(call.max_duration_seconds),
    idle: duration(call.idle_seconds),
    record: call.record,
    retention: call.retention_days && `${call.retention_days}d`,
    amd: call.detect_machine,
    voicemail_message: call.voicemail_message,
  }
}

function agentKeys(agent: Flow['agent']): Keys {
  const { name, business, greeting, greeting_interruptible, interrupt_after_ms, interrupt_words } = agent
  const { manner, knowledge, prompt } = agent
  return {
    ...{
      name,
      business,
      greeting,
      greeting_interruptible,
      interrupt_after: `${interrupt_after_ms}ms`,
      interrupt_words,
    },
    ...{ manner, knowledge, prompt },
  }
}

export function slotKeys(slot: FlowSlot): Keys {
  const { question, type, options, required, disqualify_if } = slot
  return { question, type, options, required, disqualify_if: oneOrMore(disqualify_if) }
}

export function toolKeys(tool: FlowTool): Keys {
  const { url, headers } = tool
  const isBare = Object.keys(headers).length === 0
  const mcp = isBare ? url : { url, headers }
  const where =
    tool.kind === 'http'
      ? { http: isBare ? `${tool.method} ${url}` : { method: tool.method, url, headers }, input: tool.input }
      : { mcp, allow: tool.allow }
  return { description: tool.description, ...where, timeout: duration(tool.timeout_seconds), sample: tool.sample }
}

/** One value stands for itself. */
function oneOrMore(values: readonly string[]): string | readonly string[] {
  return values.length === 1 ? values[0]! : values
}

/** What each key says where it is not written. */
export const IMPLIED: Record<'match' | 'call' | 'agent' | 'slot' | 'tool' | 'on', Keys> = {
  match: matchKeys(DEFAULTS.match),
  call: callKeys(DEFAULTS.call),
  agent: agentKeys(DEFAULTS.agent),
  slot: slotKeys({ name: '', ...SLOT_DEFAULTS }),
  tool: { description: null, input: null, allow: null, timeout: duration(TIMEOUT_DEFAULT), sample: null },
  on: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, printActions([])])),
}
