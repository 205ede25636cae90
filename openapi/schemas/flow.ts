import { z } from '../zod.ts'
import { FlowId, Timestamp, text } from './common.ts'
import { FlowDocument as FlowDefinition } from './flow-document.ts'

export const UpsertFlow = z
  .strictObject({
    yaml: text(262_144).describe('The flow as YAML text, one flow a document; its `id` decides which flow it is.'),
  })
  .openapi('UpsertFlow')
  .describe('A flow to be stored.')

export const FlowVersion = z
  .object({
    version: z.number().int().describe('From 1.'),
    hash: z.string().describe('SHA-256 of the flow as understood; the same content is the same version.'),
    created_at: Timestamp,
    yaml: z.string().describe('As it was sent.'),
  })
  .openapi('FlowVersion')

export const FlowView = z
  .object({
    id: FlowId,
    version: z.number().int().describe('The version that new leads get.'),
    change: z
      .enum(['created', 'new_version', 'rolled_back', 'unchanged'])
      .nullable()
      .describe('What this request did; null on reads.'),
    retired_at: Timestamp.nullable().describe('Since when new leads do not get it; null while they do.'),
    definition: FlowDefinition.describe('The flow as understood.'),
    versions: z.array(FlowVersion).describe('Newest first, the last 50.'),
  })
  .openapi('FlowView')
  .describe('A flow with its versions.')
export type FlowView = z.infer<typeof FlowView>

/** A flow over MCP: YAML text is all an agent needs to read and to write it. */
export const FlowText = FlowView.pick({ id: true, version: true, change: true, retired_at: true }).extend({
  yaml: z.string().describe('The flow of that version as YAML text.'),
  versions: z.array(FlowVersion.omit({ yaml: true })).describe('Newest first, the last 50.'),
})

/** The YAML is that of the version new leads get, or of the newest when that one is older than the last 50. */
export const flowText = ({ id, version, change, retired_at, versions }: FlowView): z.infer<typeof FlowText> => ({
  id,
  version,
  change,
  retired_at,
  yaml: (versions.find((it) => it.version === version) ?? versions[0])?.yaml ?? '',
  versions: versions.map(({ yaml: _, ...rest }) => rest),
})
