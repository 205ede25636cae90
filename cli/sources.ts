import { readdir, stat } from 'node:fs/promises'
import { basename, join } from 'node:path'
import { renderFault } from '../flows/language/faults.ts'
import { literalSecrets } from '../flows/language/literal-secrets.ts'
import { sentencesOf } from '../flows/language/sentences.ts'
import { CommandError } from './failure.ts'
import { readText, unreadable } from './files.ts'
import { atOdds, type Judged, judgeFlow, judgeWorkspace } from './judge.ts'
import type { Output, Paint } from './output.ts'

const WORKSPACE_FILE = 'talkif.yaml'
const MISNAMED = 'talkif.yml'
const UNNAMED = sentencesOf('en').unnamed

/** A file of a team's flows, read and judged on this machine. */
export interface Source extends Judged {
  /** As it was given or found, from this folder. */
  path: string
  text: string
}

/**
 * Files and folders, read and judged: of a folder `talkif.yaml` first, then every other .yaml in it, by name.
 * @param given none: the folder `flows` and a talkif.yaml beside it, else this folder, if it has a talkif.yaml.
 * @param out where folders are named that are passed over.
 * @param assume what the environment lacks is taken as given: who sends nothing needs no secrets.
 * @throws CommandError for what cannot be read, and where there is nothing to read.
 */
export async function readSources(given: string[], out: Output, { assume = false } = {}): Promise<Source[]> {
  const filesOfEach = () => Promise.all(given.map((path) => filesOf(path, out)))
  const paths = given.length ? (await filesOfEach()).flat() : await ownFiles(out)
  const misnamed = paths.find((path) => basename(path) === MISNAMED)
  if (misnamed !== undefined)
    throw new CommandError(`${misnamed} would be the workspace by another name.`, `Rename it to ${WORKSPACE_FILE}.`)
  const sources = await Promise.all([...new Set(paths)].map((path) => readSource(path, assume)))
  const document = sources.find(({ workspace }) => workspace)?.workspace?.document
  return sources.map((source, at) =>
    source.parsed ? { ...source, faults: atOdds(source.parsed, sources.slice(0, at), document) } : source,
  )
}

async function ownFiles(out: Output): Promise<string[]> {
  if (await isFile(MISNAMED)) return [MISNAMED]
  const [hasFlows, hasWorkspace] = [await isFolder('flows'), await isFile(WORKSPACE_FILE)]
  if (!hasFlows && !hasWorkspace)
    throw new CommandError(
      `There is neither a folder flows nor a ${WORKSPACE_FILE} here.`,
      'Name the folder or the file, or go to the one that has them.',
    )
  if (!hasFlows) return filesOf('.', out)
  const inFlows = await filesOf('flows', out)
  const isInside = inFlows.some((path) => basename(path) === WORKSPACE_FILE)
  return [...(hasWorkspace && !isInside ? [WORKSPACE_FILE] : []), ...inFlows]
}

async function filesOf(path: string, out: Output): Promise<string[]> {
  if (!(await isFolder(path))) return [path]
  const names = await yamlIn(path)
  const passedOver = await foldersPassedOver(path)
  if (passedOver.length > 0)
    out.warn(
      `The .yaml files in ${passedOver.join(', ')} are passed over: folders within a folder are not read. Name it to read it.`,
    )
  if (names.length === 0) throw new CommandError(`There is no .yaml file in ${path}.`, 'Name the folder of the flows.')
  const isFirst = (name: string) => (name === WORKSPACE_FILE ? 0 : 1)
  return names.toSorted((a, b) => isFirst(a) - isFirst(b)).map((name) => join(path, name))
}

const yamlIn = async (folder: string): Promise<string[]> =>
  (await readdir(folder)).filter((name) => /\.ya?ml$/.test(name)).toSorted()

/** Folders in it with flows that somebody might miss: the people of simulations and hidden folders hold none. */
async function foldersPassedOver(folder: string): Promise<string[]> {
  const inside = await readdir(folder, { withFileTypes: true })
  const folders = inside.filter((it) => it.isDirectory() && it.name !== 'simulations' && !it.name.startsWith('.'))
  const paths = folders.map(({ name }) => join(folder, name)).toSorted()
  const found = await Promise.all(paths.map((path) => yamlIn(path).catch(() => [])))
  return paths.filter((_, at) => found[at]!.length > 0)
}

const isFile = (path: string): Promise<boolean> =>
  stat(path).then(
    (it) => it.isFile(),
    () => false,
  )

const isFolder = (path: string): Promise<boolean> =>
  stat(path).then(
    (it) => it.isDirectory(),
    (error) => {
      if (error.code === 'ENOENT' && path === 'flows') return false
      throw unreadable(path, error)
    },
  )

async function readSource(path: string, assume: boolean): Promise<Source> {
  const text = await readText(path)
  return { path, text, ...(basename(path) === WORKSPACE_FILE ? judgeWorkspace(text, assume) : judgeFlow(text)) }
}

/** Says on one line which variables of the environment were taken as given. */
export function tellAssumed(sources: Source[], out: Output): void {
  const names = new Set(sources.flatMap(({ workspace }) => [...(workspace?.assumed.values() ?? [])].flat()))
  if (names.size)
    out.warn(
      `Not in the environment, so anything stands for it here: ${[...names].join(', ')}. deploy and diff need it.`,
    )
}

/** Says on one line what a file holds that is never shown: whoever reads the file, in git too, can read it. */
export function tellLiteralSecrets(sources: Source[], out: Output): void {
  const file = sources.find(({ workspace }) => workspace)
  const paths = file ? literalSecrets(file.text) : []
  if (file && paths.length > 0)
    out.warn(`${file.path} holds secrets itself: ${paths.join(', ')}. Write \${NAME}, and set NAME in the environment.`)
}

/** Says when nothing of a folder names who is called for: the server may know, and who is called has a right to. */
export function tellUnnamed(sources: Source[], out: Output): void {
  const file = sources.find(({ workspace }) => workspace)
  const document = file?.workspace?.document
  if (!file || !document || document.business || document.name) return
  if (sources.some(({ parsed }) => parsed) && sources.every(({ parsed }) => parsed?.flow.agent.business !== null))
    return
  out.warn(
    `${file.path} does not say for whom is called: unless the server knows it, people hear "${UNNAMED}". Add business: {name: …}.`,
  )
}

/** Every fault with its place, the line it stands on, and a caret. */
export const faultLines = ({ path, text, faults }: Pick<Source, 'path' | 'text' | 'faults'>, paint: Paint): string[] =>
  faults.flatMap((fault) => {
    const [said, ...frame] = renderFault(text, fault).split('\n')
    return [`${paint('red', '✗')} ${path}:${said}`, ...frame.map((line) => paint('dim', `    ${line}`))]
  })

/** @throws CommandError after every fault of every file was told. */
export function allValid(sources: Pick<Source, 'path' | 'text' | 'faults'>[], out: Output): void {
  const faulty = sources.filter(({ faults }) => faults.length)
  if (faulty.length === 0) return
  if (!out.isJson) for (const source of faulty) for (const line of faultLines(source, out.paint)) out.warn(line)
  const count = faulty.reduce((sum, { faults }) => sum + faults.length, 0)
  const files = faulty.map(({ path, faults }) => ({ path, faults }))
  throw new CommandError(
    `${count === 1 ? 'There is a fault' : `There are ${count} faults`} in ${files.map(({ path }) => path).join(', ')}.`,
    'Mend every line named, then run it again. Nothing was changed.',
    { files },
  )
}
