import { type Served, serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { openLog } from '../../runtime/log.ts'
import type { Roles } from '../../runtime/runtime.ts'
import { answerCommands } from './child.ts'
import { ownUsage } from './usage.ts'

/** `talkif serve` in a process of its own, as in production but for one thing: webhooks may go to loopback. */
export interface OpenServer {
  databaseUrl: string
  carrierUrl: string
  dataDir: string
  roles: Roles & { api: boolean }
}

let served: Served | undefined

answerCommands(
  {
    async open({ databaseUrl, carrierUrl, dataDir, roles }: OpenServer) {
      const config = readConfig({
        PORT: '0',
        DATABASE_URL: databaseUrl,
        TALKIF_DATA_DIR: dataDir,
        TALKIF_SANDBOX_URL: carrierUrl,
      })
      served = await serve({ ...config, allowLoopbackWebhooks: true }, { roles, log: openLog('error') })
      return served.url
    },
    usage: ownUsage,
  },
  async () => served?.close(),
)
