import { Hono } from 'hono'
import { z } from 'zod'
import { text } from '../../openapi/schemas/common.ts'
import type { Deps } from '../../runtime/deps.ts'
import { deploy } from '../../runtime/plans/deploy.ts'
import { atPointer } from '../../runtime/problem.ts'
import { answer } from '../answer.ts'
import type { Env } from '../app.ts'
import { admin, readBody } from './admin.ts'
import { readDocument } from './document.ts'

export const DEPLOY_PATH = '/workspace/deploy'

const Deploy = z.strictObject({
  /** As PUT /workspace takes it; left as it is when absent. */
  workspace: z.record(z.string(), z.unknown()).optional(),
  flows: z.array(z.strictObject({ file: text(500).optional(), yaml: text(262_144) })).max(1000),
  /** Retires the flows that are not among these. */
  prune: z.boolean().default(false),
  /** Of a dry run; `plan_changed` when somebody else has deployed since. */
  plan: z.string().optional(),
  dry_run: z.boolean().default(false),
})

/** The workspace and flows of a folder, applied as one; with `dry_run` what that would change. */
export function deployRoutes(deps: Deps): Hono<Env> {
  const app = new Hono<Env>()
  app.post(DEPLOY_PATH, async (context) => {
    const holder = await admin(deps, context)
    const { workspace, dry_run: dryRun, ...rest } = await readBody(context, Deploy)
    const document = workspace && readPart(deps, workspace)
    return answer(context, 200, await deploy(deps, holder, { ...rest, workspace: document }, { dryRun }))
  })
  return app
}

function readPart(deps: Deps, workspace: Record<string, unknown>) {
  try {
    return readDocument(deps, workspace)
  } catch (error) {
    throw atPointer('/workspace', error)
  }
}
