import { withoutAdded } from '../../openapi/schemas/workspace.ts'
import { readSecrets } from '../access/secrets.ts'
import { readWorkspace } from '../access/workspace-view.ts'
import type { Tx } from '../db/connect.ts'
import type { Caller } from '../deps.ts'
import { type Change, changesBetween } from './changes.ts'

/** What `put` changes of the workspace, field by field, and what it answers. Of secrets only that they change is told. */
export async function changesOf<T>(
  tx: Tx,
  caller: Caller,
  put: () => Promise<T>,
): Promise<{ changes: Change[]; answer: T }> {
  const before = await stateOf(tx, caller)
  const answer = await put()
  const after = await stateOf(tx, caller)
  return {
    changes: [...changesBetween(before.document, after.document), ...changedSecrets(before, after)],
    answer,
  }
}

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
