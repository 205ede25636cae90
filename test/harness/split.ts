import { serve } from '../../cli/serve.ts'
import { readConfig } from '../../runtime/config.ts'
import { openLog } from '../../runtime/log.ts'
import { freshDatabase } from './database.ts'
import { openLine } from './line.ts'
import { freshDataDir } from './talkif.ts'

/** One process that takes leads and callbacks, dials and decides; another that carries the media, whose `line` to the database can be cut. */
export async function startSplit(onTestFinished: (close: () => Promise<void>) => void) {
  const database = await freshDatabase()
  onTestFinished(database.drop)
  const line = await openLine(database.url)
  onTestFinished(line.close)
  const data = freshDataDir()
  onTestFinished(data.drop)
  const shared = { PORT: '0', DATABASE_URL: database.url, TALKIF_DATA_DIR: data.path }
  const open = async (environment: Record<string, string>, media: boolean) => {
    const config = { ...readConfig({ ...shared, ...environment }), allowLoopbackWebhooks: true }
    const served = await serve(config, { roles: { api: !media, worker: !media, media }, log: openLog('fatal') })
    onTestFinished(() => served.close())
    return served
  }
  const media = await open({ DATABASE_URL: line.url }, true)
  return {
    databaseUrl: database.url,
    media,
    line,
    served: await open({ TALKIF_SANDBOX_URL: media.sandbox!.url }, false),
  }
}
