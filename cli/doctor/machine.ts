import { existsSync } from 'node:fs'
import { access, constants, statfs } from 'node:fs/promises'
import { createServer } from 'node:net'
import { dirname } from 'node:path'
import { type Config, ownUrl } from '../../runtime/config.ts'
import { version } from '../../runtime/version.ts'
import { asked, type Finding, fail, ok, warn } from './finding.ts'

const GIB = 2 ** 30

export const versions = (): Finding => ok('versions', `talkif ${version}, Node ${process.versions.node}`)

/** Room for recordings, and for the database where it lies in the same folder. */
export async function disk({ dataDir }: Config): Promise<Finding> {
  const folder = nearestExisting(dataDir)
  try {
    await access(folder, constants.W_OK)
  } catch {
    return fail('disk', `${folder} may not be written`, 'Set TALKIF_DATA_DIR to a folder of this user.')
  }
  const { bavail, bsize } = await statfs(folder)
  const free = bavail * bsize
  const found = `${(free / GIB).toFixed(1)} GiB free at ${dataDir}`
  if (free < 0.2 * GIB) return fail('disk', found, 'Free some space, or set TALKIF_DATA_DIR to another disk.')
  if (free < GIB) return warn('disk', found, 'Free some space: an hour of recordings takes about 60 MB.')
  return ok('disk', found)
}

const nearestExisting = (path: string): string => (existsSync(path) ? path : nearestExisting(dirname(path)))

/** Whether the server could listen, or does. */
export async function port({ port, host }: Config): Promise<Finding> {
  if (port === 0) return ok('port', 'any that is free (PORT=0)')
  if (await isFree(port, host)) return ok('port', `${port} is free`)
  const response = await asked(`${ownUrl(port)}/healthz`)
  const body = await response?.text().catch(() => '')
  if (body === '{"status":"ok"}') return ok('port', `${port} is this Talkif's: it answers there`)
  return fail('port', `${port} is taken by another program`, `Stop it, or choose another: PORT=${port + 1}.`)
}

function isFree(port: number, host: string): Promise<boolean> {
  const server = createServer()
  return new Promise((resolve) => {
    server.once('error', () => resolve(false))
    server.listen(port, host, () => server.close(() => resolve(true)))
  })
}
