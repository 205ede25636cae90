import { type WorkspaceDocument, withoutAdded } from '../../openapi/schemas/workspace.ts'
import { readSecrets } from '../access/secrets.ts'
import { putWorkspace } from '../access/workspace-document.ts'
import { readWorkspace } from '../access/workspace-view.ts'
import type { Tx } from '../db/connect.ts'
import type { Caller, Deps } from '../deps.ts'
import { type Change, changesBetween } from './changes.ts'
import { rehearse } from './rehearse.ts'

export interface WorkspacePlan {
  changes: Change[]
}

/**
 * What PUT /workspace would change, field by field. Of secrets only that they change is told.
 * @throws what PUT would: invalid_request.
 */
export const planWorkspace = (deps: Deps, caller: Caller, document: WorkspaceDocument): Promise<WorkspacePlan> =>
  rehearse(deps, async (tx) => {
    const before = await stateOf(tx, caller)
    await putWorkspace(tx, deps, caller, document)
    const after = await stateOf(tx, caller)
    return { changes: [...changesBetween(before.document, after.document), ...changedSecrets(before, after)] }
  })

async function stateOf(tx: Tx, caller: Caller) {
  const view = await readWorkspace(tx, caller)
  const stored = await readSecrets(tx, caller.workspaceId)
  return { document: withoutAdded(view), stored }
}

type State = Awaited<ReturnType<typeof stateOf>>

/** Secrets that stay set and become another; those that come and go show in the document. */
const changedSecrets = (before: State, after: State): Change[] =>
  Object.keys(after.stored)
    .filter((name) => Object.hasOwn(before.stored, name) && before.stored[name] !== after.stored[name])
    .toSorted()
    .map((name) => ({
      path: name.startsWith('calendars.') ? placeOf(name) : `secrets.${name}`,
      before: 'set',
      after: 'set anew',
    }))

/** Where a calendar's secret stands in the document. */
const placeOf = (name: string): string =>
  name.replace(/\.password$/, '.caldav.password').replace(/\.api_key$/, '.cal_com.api_key')
