import { z } from '../zod.ts'
import { CallId, FlowId, LeadId, ListId, personal, Word } from './common.ts'
import { CallStatus, ConsentEvidence } from './lead.ts'
import { FieldFault } from './problem.ts'

export const CreateList = z
  .strictObject({
    flow_id: FlowId.optional().describe('The recovery flow for every row; without it each row is routed.'),
    source: Word.optional().describe('For rows that name none; `list` when absent.'),
    campaign: Word.optional().describe('For rows that name none.'),
    intent: Word.optional().describe('For rows that name none.'),
    consent: z.union([z.boolean(), ConsentEvidence]).optional().describe('For rows that carry none.'),
    leads: z
      .array(personal(z.record(z.string(), z.unknown())))
      .min(1)
      .max(10_000)
      .describe('Each row a body of createLead. A faulty row is answered in `results` and does not stop the others.'),
  })
  .openapi('CreateList')

export const ListRow = z
  .object({
    row: z.number().int().describe('Index in `leads`, from 0.'),
    status: z.union([CallStatus, z.literal('rejected')]),
    lead_id: LeadId.nullable(),
    call_id: CallId.nullable(),
    reason: z.string().nullable().describe('`duplicate`, or the problem code of a rejected row.'),
    errors: z.array(FieldFault),
  })
  .openapi('ListRow')

export const ListReceipt = z
  .object({
    list_id: ListId,
    accepted: z.number().int(),
    duplicates: z.number().int(),
    rejected: z.number().int(),
    results: z.array(ListRow),
  })
  .openapi('ListReceipt')
export type ListReceipt = z.infer<typeof ListReceipt>
