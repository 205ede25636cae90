import { z } from '../zod.ts'
import { FlowId, Timestamp } from './common.ts'
import { FlowDocument as FlowDefinition } from './flow-document.ts'

export const UpsertFlow = z
  .strictObject({
    yaml: z
      .string()
      .min(1)
      .max(262_144)
      .describe('The flow as YAML text, one flow a document; its `id` decides which flow it is.'),
  })
  .openapi('UpsertFlow')

export const FlowVersion = z
  .object({
    version: z.number().int(),
    hash: z.string().describe('SHA-256 of the flow as understood; the same content is the same version.'),
    created_at: Timestamp,
    yaml: z.string(),
  })
  .openapi('FlowVersion')

export const FlowView = z
  .object({
    id: FlowId,
    version: z.number().int().describe('The version that new leads get.'),
    change: z
      .enum(['created', 'new_version', 'unchanged'])
      .nullable()
      .describe('What this request did; null on reads.'),
    definition: FlowDefinition.describe('The flow as understood.'),
    versions: z.array(FlowVersion).describe('Newest first, the last 50.'),
  })
  .openapi('FlowView')
export type FlowView = z.infer<typeof FlowView>
