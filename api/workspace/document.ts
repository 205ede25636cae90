import { Hono } from 'hono'
import { WorkspaceDocument, withoutAdded } from '../../openapi/schemas/workspace.ts'
import { putWorkspace } from '../../runtime/access/workspace-document.ts'
import { workspaceFaults } from '../../runtime/access/workspace-faults.ts'
import { readWorkspace } from '../../runtime/access/workspace-view.ts'
import type { Deps } from '../../runtime/deps.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readInput, readMembers } from './admin.ts'

/** The workspace document; what GET answers may be sent back as it is. */
export function documentRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.get('/workspace', async (context) => {
    const holder = await admin(deps, context)
    return answer(context, 200, await deps.db.transaction((tx) => readWorkspace(tx, holder)))
  })
  app.put('/workspace', async (context) => {
    const holder = await admin(deps, context)
    const document = readDocument(deps, await readMembers(context))
    return answer(context, 200, await deps.db.transaction((tx) => putWorkspace(tx, deps, holder, document)))
  })
  return app
}

/** @throws invalid_request with every fault of the shape and of the meaning. */
export const readDocument = (deps: Deps, body: Record<string, unknown>): WorkspaceDocument =>
  readInput(WorkspaceDocument, withoutAdded(body), (it) => workspaceFaults(it, deps.config))
