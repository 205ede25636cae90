import { scopes } from '../openapi/operation.ts'
import { createKey } from '../runtime/access/keys.ts'
import { createWorkspace } from '../runtime/access/workspaces.ts'
import type { Config } from '../runtime/config.ts'
import { workspaces } from '../runtime/db/schema.ts'
import type { Runtime } from '../runtime/runtime.ts'
import { version } from '../runtime/version.ts'
import { type Served, serve } from './serve.ts'

type Print = (line: string) => void

/** `talkif serve`: the server of production. @param role `api`, `worker`, `media`, or several separated by commas. */
export async function serveForever(config: Config, role: string, print: Print): Promise<Served> {
  const names = role.split(',').map((name) => name.trim())
  const unknown = names.find((name) => !['api', 'worker', 'media'].includes(name))
  if (unknown) throw new Error(`There is no role ${unknown}. Use api, worker, media, or several separated by commas.`)
  const has = (name: string) => names.includes(name)
  const served = await serve(config, { roles: { api: has('api'), worker: has('worker'), media: has('media') } })
  await firstKey(served.runtime, print)
  print(`Talkif ${version} serves ${names.join(', ')} at ${served.url}`)
  return served
}

/** An empty database has nobody who could ask for a key: the first administrator's is printed, once. */
async function firstKey(runtime: Runtime, print: Print): Promise<void> {
  const [any] = await runtime.db.select({ id: workspaces.id }).from(workspaces).limit(1)
  if (any) return
  const workspaceId = await createWorkspace(runtime, { name: 'Workspace' })
  const { key } = await createKey(runtime, { workspaceId, mode: 'test', scopes: [...scopes] })
  print(`A workspace was created. Its first key, shown only now: ${key}`)
  print('With it, PUT /workspace configures it and POST /workspace/keys makes others, also for live calls.')
}
