import { existsSync, mkdirSync, mkdtempSync, symlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { scopes } from '../../openapi/operation.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { createKey } from '../../runtime/access/keys.ts'
import { putWorkspace } from '../../runtime/access/workspace-document.ts'
import { createWorkspace } from '../../runtime/access/workspaces.ts'
import { ownConfig, readConfig } from '../../runtime/config.ts'
import { killEmbeddedPostgres, removeEmbeddedPostgres } from '../../runtime/db/embedded.ts'
import { upsertFlow } from '../../runtime/flows/upsert.ts'
import { openLog } from '../../runtime/log.ts'
import { serve } from '../serve.ts'
import type { Scenario } from './scenarios.ts'

/** Where scenarios are played: a server of its own, with its database, in a temporary folder. */
export interface Stage {
  /** A workspace that nobody else uses, with the flow of the scenario and its person. */
  workspaceFor(scenario: Scenario): Promise<{ url: string; key: string }>
  /** Deploys it once, for nobody to be called by. @throws what the server says against it. */
  tryOut(flowId: string): Promise<void>
  close(): Promise<void>
}

/** What a flow is deployed into. */
export interface Deployed {
  yaml: string
  document: WorkspaceDocument
}

const INBOX_PATH = '/simulated/webhooks'

/** @param deployed by the id of the flow. @throws Error, in words for the user, when the server does not start. */
export async function openStage(deployed: Map<string, Deployed>): Promise<Stage> {
  const folder = mkdtempSync(join(tmpdir(), 'talkif-simulate-'))
  // A process that does not wait has nobody to stop its database: it goes at once, with what it holds.
  const leave = () => killEmbeddedPostgres(folder)
  process.once('exit', leave)
  const drop = () => {
    process.off('exit', leave)
    removeEmbeddedPostgres(folder)
  }
  try {
    keepSpeech(folder)
    // Nothing of the environment: neither its database nor its carrier account may be touched.
    const config = readConfig({ PORT: '0', TALKIF_DATA_DIR: folder, TALKIF_LOG_LEVEL: 'fatal' })
    const served = await serve(
      { ...config, allowLoopbackWebhooks: true },
      {
        log: openLog('fatal'),
        extend: (app) => void app.post(INBOX_PATH, (context) => context.body(null, 204)),
      },
    )
    const { runtime, url, sandbox } = served
    async function deploy(flowId: string) {
      const { yaml, document } = deployed.get(flowId)!
      const caller = { workspaceId: await createWorkspace(runtime, {}), mode: 'test' as const }
      await runtime.db.transaction((tx) => putWorkspace(tx, runtime, caller, harmless(document, url)))
      await runtime.db.transaction((tx) => upsertFlow(tx, runtime, caller, { yaml }))
      return caller
    }
    return {
      tryOut: async (flowId) => void (await deploy(flowId)),
      async workspaceFor({ flowId, phone, script, own = [] }) {
        const caller = await deploy(flowId)
        if (script) sandbox!.cast.set(phone, script)
        if (own.length > 0) sandbox!.teach(phone, own)
        const { key } = await createKey(runtime, { ...caller, scopes: [...scopes] })
        return { url, key }
      },
      async close() {
        await served.close()
        drop()
      },
    }
  } catch (error) {
    drop()
    throw error
  }
}

/** Speech that `talkif dev` rendered in this folder is used again, and what is rendered here is kept. */
function keepSpeech(folder: string): void {
  const { dataDir } = ownConfig()
  if (!existsSync(dataDir)) return
  const speech = join(dataDir, 'speech')
  mkdirSync(speech, { recursive: true })
  symlinkSync(speech, join(folder, 'speech'), 'junction')
}

/** The same workspace, whose webhooks go nowhere and whose numbers are the sandbox's. */
function harmless({ numbers: _, ...document }: WorkspaceDocument, url: string): WorkspaceDocument {
  const at = (index: number) => `${url}${INBOX_PATH}?${index}`
  const webhooks = document.webhooks?.map((webhook, index) => ({ ...webhook, url: at(index) }))
  return { ...document, ...(webhooks ? { webhooks } : {}) }
}
