import { accessSync, constants, mkdirSync, rmSync, statSync } from 'node:fs'
import { connect, createServer, type Server } from 'node:net'
import { platform, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'

/** @throws Error, in words for the user, when it cannot be made or written. */
export function makeDataFolder(folder: string): void {
  try {
    makeFolder(folder)
    accessSync(folder, constants.W_OK)
  } catch (error) {
    throw unusable(folder, error as NodeJS.ErrnoException)
  }
}

/** One by one: Node's `recursive` never returns where nothing can be made, as in /proc. */
function makeFolder(path: string): void {
  if (isFolder(path)) return
  if (dirname(path) !== path) makeFolder(dirname(path))
  try {
    mkdirSync(path)
  } catch (error) {
    // Another process may have been faster.
    if (!isFolder(path)) throw error
  }
}

const isFolder = (path: string) => statSync(path, { throwIfNoEntry: false })?.isDirectory() ?? false

const ANOTHER = 'Set it to a folder that this user may write.'
const FULL = 'Free some space, or set it to a folder on another disk.'
/** By the system's code: what is in the way of the path, and what helps. */
const TROUBLES: Record<string, (path: string) => [why: string, next: string]> = {
  EEXIST: (path) => [`${path} is no folder`, ANOTHER],
  ENOTDIR: (path) => [`${path} is no folder`, ANOTHER],
  ENOENT: (path) => [`${path} cannot be made there`, ANOTHER],
  EACCES: (path) => [`this user may not read and write ${path}`, ANOTHER],
  EPERM: (path) => [`this user may not read and write ${path}`, ANOTHER],
  EROFS: (path) => [`${path} is on a disk that is read-only`, ANOTHER],
  ENOSPC: (path) => [`the disk of ${path} is full`, FULL],
  EDQUOT: (path) => [`no more of the disk of ${path} is this user's`, FULL],
}

/** What stands in the way of the data folder, in words for the user. */
export function unusable(folder: string, error: Pick<NodeJS.ErrnoException, 'code' | 'path' | 'message'>): Error {
  const { code = '', path = folder, message } = error
  const [why, next] = TROUBLES[code]?.(path === folder ? 'it' : path) ?? [message, ANOTHER]
  return new Error(`TALKIF_DATA_DIR=${folder} cannot be used: ${why}. ${next}`)
}

/** An error of the file system about something that is within the data folder in words; any other comes back as it is. */
export function inWordsOfFolder(error: unknown, folder: string): unknown {
  const { code = '', path = '', syscall = '' } = error as NodeJS.ErrnoException
  const isOurs = code in TROUBLES && code !== 'ENOENT' && path.startsWith(folder) && !syscall.startsWith('spawn')
  return isOurs ? unusable(folder, error as NodeJS.ErrnoException) : error
}

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
