import type { CallStatus } from '../../openapi/schemas/lead.ts'

/** What can happen to a call. */
export type CallEvent =
  | 'dialed'
  | 'held'
  | 'refused'
  | 'cancelled'
  | 'placed'
  | 'not_placed'
  | 'answered'
  | 'missed'
  | 'gave_up'
  | 'decided'

/** What may happen to a call in each status, and where it leads. Whatever is not here is ignored, and the trace says so. */
export const lifecycle: Record<CallStatus, Partial<Record<CallEvent, CallStatus>>> = {
  queued: { dialed: 'dialing', held: 'held', cancelled: 'cancelled', refused: 'completed' },
  held: { dialed: 'dialing', held: 'held', cancelled: 'cancelled', refused: 'completed' },
  dialing: {
    placed: 'dialing',
    not_placed: 'queued',
    answered: 'in_progress',
    missed: 'retry_scheduled',
    gave_up: 'completed',
    decided: 'completed',
    refused: 'completed',
  },
  in_progress: { missed: 'retry_scheduled', gave_up: 'completed', decided: 'completed' },
  retry_scheduled: { dialed: 'dialing', held: 'held', refused: 'completed' },
  completed: {},
  cancelled: {},
}

export const isTerminal = (status: CallStatus): boolean => status === 'completed' || status === 'cancelled'
