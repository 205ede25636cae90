import { existsSync } from 'node:fs'
import { open, readFile, rm } from 'node:fs/promises'
import { text } from 'node:stream/consumers'
import { CommandError } from './failure.ts'

/** The text of a file, which is UTF-8; of stdin for `-`. @throws CommandError that names the file. */
export async function readText(path: string): Promise<string> {
  if (path === '-') return text(process.stdin)
  const bytes = await readFile(path).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(path, error)
  })
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    // Read all the same, its letters would be question marks that an agent says aloud.
    throw new CommandError(`${path} is not UTF-8.`, 'Save it as UTF-8, then try again.')
  }
}

const LEAD = 'Give one lead as {"source": …, "phone": …}.'

/** @throws CommandError for what is no JSON object. */
export async function readObject(path: string): Promise<Record<string, unknown>> {
  const written = await readText(path)
  const name = path === '-' ? 'What came on stdin' : path
  try {
    const read: unknown = JSON.parse(written)
    if (typeof read === 'object' && read !== null && !Array.isArray(read)) return read as Record<string, unknown>
  } catch (error) {
    throw new CommandError(`${name} is no JSON: ${(error as Error).message}.`, LEAD)
  }
  throw new CommandError(`${name} is no JSON object.`, LEAD)
}

/** By the code of the error: what is the matter, and what to do next. */
const WHY: Record<string, [why: string, next: string]> = {
  ENOENT: ['there is no such file', 'Check the path; it counts from the folder you are in.'],
  EACCES: ['it may not be read by this user', 'Give this user the right to read it, or name another file.'],
  EISDIR: ['it is a folder', 'Name a file in it.'],
}

/** The same for writing. */
const WHY_NOT_WRITTEN: typeof WHY = {
  ENOENT: ['there is no such folder', 'Make it, or name another file; the path counts from the folder you are in.'],
  EACCES: ['this user may not write there', 'Give this user the right to, or name another file.'],
  EISDIR: ['it is a folder', 'Name a file in it.'],
}

/** @throws CommandError where the file cannot be written; one that is there stays as it is. */
export async function mayWrite(path: string): Promise<void> {
  const isNew = !existsSync(path)
  const file = await open(path, 'a').catch((error) => {
    throw unwritable(path, error)
  })
  await file.close()
  // An empty one would be taken for what should have come.
  if (isNew) await rm(path)
}

export function unwritable(path: string, { code = '', message }: NodeJS.ErrnoException): CommandError {
  const [why, next] = WHY_NOT_WRITTEN[code] ?? [message, 'Mend that, or name another file.']
  return new CommandError(`${path} cannot be written: ${why}.`, next)
}

export function unreadable(path: string, { code = '', message }: NodeJS.ErrnoException): CommandError {
  const [why, next] = WHY[code] ?? [message, 'Mend that, or name another file.']
  return new CommandError(`${path} cannot be read: ${why}.`, next)
}
