import { z } from '../zod.ts'
import { CallId, FlowId, LeadId, ListId, personal, Word } from './common.ts'
import { CallStatus, GivenConsent } from './lead.ts'
import { FieldFault } from './problem.ts'

/** Said to be an object, and read whatever it is: what is none is a fault of its row, not of the list. */
const GivenRow = personal(z.unknown().meta({ type: 'object', additionalProperties: {} }))

export const CreateList = z
  .strictObject({
    flow_id: FlowId.optional().describe('The recovery flow for every row; without it each row is routed.'),
    source: Word.optional().describe('For rows that name none; `list` when absent.'),
    campaign: Word.optional().describe('For rows that name none.'),
    intent: Word.optional().describe('For rows that name none.'),
    consent: GivenConsent.optional().describe('For rows that carry none.'),
    leads: z
      .array(GivenRow)
      .min(1)
      .max(10_000)
      .describe('Each row a body of createLead. A faulty row is answered in `results` and does not stop the others.'),
  })
  .openapi('CreateList')
  .describe('Leads to be called behind single ones, and what they have in common.')

export const ListRow = z
  .object({
    row: z.number().int().describe('Index in `leads`, from 0.'),
    status: z.union([CallStatus, z.literal('rejected')]).describe('Of the call, or `rejected`: this row rings nobody.'),
    lead_id: LeadId.nullable().describe('Null when rejected.'),
    call_id: CallId.nullable().describe('Null when rejected.'),
    reason: z.string().nullable().describe('`duplicate`, or the problem code of a rejected row.'),
    errors: z.array(FieldFault).describe('Every fault of a rejected row; pointers are into the row.'),
  })
  .openapi('ListRow')

export const ListReceipt = z
  .object({
    list_id: ListId,
    accepted: z.number().int().describe('Rows with a new call.'),
    duplicates: z.number().int().describe('Rows whose number already had an open call.'),
    rejected: z.number().int().describe('Rows with faults.'),
    results: z.array(ListRow).describe('One for each row, in their order.'),
  })
  .openapi('ListReceipt')
  .describe('What became of each row of a list.')
export type ListReceipt = z.infer<typeof ListReceipt>
