import type { FlowTool } from '../../openapi/schemas/flow-document.ts'
import type { ToolDefinition } from '../voice/port.ts'
import type { ToolAnswer } from '../voice/tool-answer.ts'

/** A tool of a flow, as the model knows it. */
export interface OfferedTool extends ToolDefinition {
  run(args: Record<string, unknown>): Promise<ToolAnswer>
}

/** A tool of an MCP server. Functions of a model are named in 64 letters, digits, _ and - at most. */
export const prefixed = (server: string, tool: string) => `${server}_${tool.replace(/[^\w-]/g, '_')}`.slice(0, 64)

const NO_SAMPLE = {
  test: true,
  note: 'A test call does not touch this tool. Give it a sample in the flow to answer here.',
}

/** A tool as test mode has it: it answers its sample, and its server is never asked, not even for its tools. */
export function samplesOf(tool: FlowTool): OfferedTool[] {
  const run = async () => ({ data: tool.sample ?? NO_SAMPLE })
  if (tool.kind === 'http') {
    const parameters = tool.input ?? { type: 'object', properties: {} }
    return [{ name: tool.name, description: tool.description, parameters, run }]
  }
  const names = tool.allow ? tool.allow.map((name) => prefixed(tool.name, name)) : [tool.name]
  const parameters = { type: 'object', properties: {} }
  return names.map((name) => ({ name, description: tool.description ?? name, parameters, run }))
}
