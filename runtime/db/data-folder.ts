import { rmSync, statSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { platform, tmpdir } from 'node:os'
import { join } from 'node:path'

/**
 * Keeps every other process from starting PostgreSQL in the folder. A listener, and not a file with a process id: it goes with its
 * process however that ends, and no other process can come to be taken for it.
 * @returns lets go of it.
 * @throws Error, in words for the user, when another live process holds the folder.
 */
export async function holdFolder(folder: string): Promise<() => Promise<void>> {
  const path = placeOf(folder)
  const held = (await listen(path)) ?? ((await isLeftOver(path)) ? await listen(path) : undefined)
  if (!held) throw inUse(folder)
  return () => new Promise((resolve) => held.close(() => resolve()))
}

export const inUse = (folder: string): Error =>
  new Error(`Another Talkif process is using ${folder}. Stop it, or set TALKIF_DATA_DIR to another folder.`)

/** By what the folder is, not by its name: that may be another folder's in another container. */
function placeOf(folder: string): string {
  const { dev, ino } = statSync(folder, { bigint: true })
  const name = `talkif-${dev}-${ino}`
  if (platform() === 'linux') return `\0${name}`
  return platform() === 'win32' ? `\\\\.\\pipe\\${name}` : join(tmpdir(), `${name}.sock`)
}

/** Undefined when somebody has it. */
function listen(path: string): Promise<Server | undefined> {
  return new Promise((resolve, reject) => {
    const server = createServer((socket) => socket.destroy()).unref()
    server.on('error', (error: NodeJS.ErrnoException) =>
      error.code === 'EADDRINUSE' ? resolve(undefined) : reject(error),
    )
    server.listen({ path, exclusive: true }, () => resolve(server))
  })
}

/** Where it is a file (macOS), that outlives a process that is killed; then it is removed. */
function isLeftOver(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy()
      resolve(false)
    })
    socket.on('error', ({ code }: NodeJS.ErrnoException) => {
      const isIt = code === 'ECONNREFUSED' && !path.startsWith('\0')
      if (isIt) rmSync(path, { force: true })
      resolve(isIt)
    })
  })
}
