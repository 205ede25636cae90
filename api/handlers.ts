import type { Input, OperationId, Output } from '../openapi/operations.ts'
import { getCall } from '../runtime/calls/read.ts'
import type { Caller, Deps } from '../runtime/deps.ts'
import { readFlow } from '../runtime/flows/read.ts'
import { upsertFlow } from '../runtime/flows/upsert.ts'
import { upsertHandoff } from '../runtime/handoffs/upsert.ts'
import { cancelLead } from '../runtime/leads/cancel.ts'
import { createLead } from '../runtime/leads/create.ts'
import type { Intake } from '../runtime/leads/intake.ts'
import { createList } from '../runtime/lists/create.ts'
import { listNumbers } from '../runtime/numbers/list.ts'
import type { Work } from '../runtime/work.ts'

/** An operation either reads and answers, or checks and hands over what is to be written. */
export type Handler<K extends OperationId> = (
  deps: Deps,
  caller: Caller,
  input: Input<K>,
  also: { signal: AbortSignal | undefined; intake: Intake | undefined },
) => Promise<{ body: Output<K> } | Work<Output<K>>>

/** Operation → function. */
export const handlers: { [K in OperationId]: Handler<K> } = {
  createLead: (deps, caller, input, { intake }) => createLead(deps, caller, input, intake),
  getCall: async (deps, caller, { id, include, wait }, { signal }) => ({
    body: await getCall(deps, caller, { id, include, waitSeconds: wait, signal }),
  }),
  upsertFlow: async (deps, caller, input) => ({ write: (tx) => upsertFlow(tx, deps, caller, input) }),
  getFlow: async (deps, caller, { id }) => ({ body: await readFlow(deps.db, caller, id) }),
  createList: (deps, caller, input) => createList(deps, caller, input),
  listNumbers: async (deps, caller, input) => ({ body: await listNumbers(deps, caller, input) }),
  upsertHandoff: async (deps, caller, input) => ({ write: (tx) => upsertHandoff(tx, deps, caller, input) }),
  cancelLead: async (deps, caller, { id }) => ({
    write: async (tx) => ({ status: 200, body: await cancelLead(tx, deps, caller, id) }),
  }),
}
