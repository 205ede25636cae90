import {
  type Flow,
  FlowAgent,
  FlowCall,
  FlowMatch,
  FlowSlot,
  type FlowTool,
  FlowToolBounds,
  OUTCOMES,
} from '../../openapi/schemas/flow-document.ts'
import { impliedBy, type Section } from '../../openapi/schemas/flow-written.ts'
import { keysOfSection } from './forms.ts'
import { printActions } from './print-actions.ts'

export type Keys = Record<string, unknown>

/** A flow by the keys of its file, all of them, also those that say what would be meant without them. */
export function keysOf(flow: Flow) {
  return {
    id: flow.id,
    match: keysOfSection(FlowMatch, flow.match),
    call: keysOfSection(FlowCall, flow.call),
    agent: keysOfSection(FlowAgent, flow.agent),
    qualify: Object.fromEntries(flow.qualify.map((slot) => [slot.name, keysOfSection(FlowSlot, slot)])),
    tools: Object.fromEntries(flow.tools.map((tool) => [tool.name, toolKeys(tool)])),
    on: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, printActions(flow.on[outcome])])),
  }
}

export function toolKeys(tool: FlowTool): Keys {
  const { url, headers } = tool
  const isBare = Object.keys(headers).length === 0
  const mcp = isBare ? url : { url, headers }
  const where =
    tool.kind === 'http'
      ? { http: isBare ? `${tool.method} ${url}` : { method: tool.method, url, headers }, input: tool.input }
      : { mcp, allow: tool.allow }
  return { description: tool.description, ...where, ...keysOfSection(FlowToolBounds, tool), sample: tool.sample }
}

const impliedKeys = (section: Section) => keysOfSection(section, impliedBy(section))

/** What each key says where it is not written. */
export const IMPLIED: Record<'match' | 'call' | 'agent' | 'slot' | 'tool' | 'on', Keys> = {
  match: impliedKeys(FlowMatch),
  call: impliedKeys(FlowCall),
  agent: impliedKeys(FlowAgent),
  slot: impliedKeys(FlowSlot),
  tool: { description: null, input: null, allow: null, sample: null, ...impliedKeys(FlowToolBounds) },
  on: Object.fromEntries(OUTCOMES.map((outcome) => [outcome, printActions([])])),
}
