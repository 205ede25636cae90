import { existsSync } from 'node:fs'
import { basename, dirname, join, resolve } from 'node:path'
import { parseSimulation } from '../../flows/language/persona.ts'
import type { Flow } from '../../openapi/schemas/flow-document.ts'
import type { Simulation } from '../../openapi/schemas/persona.ts'
import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { CommandError } from '../failure.ts'
import { readText } from '../files.ts'
import type { Output } from '../output.ts'
import { allValid, readSources, tellAssumed } from '../sources.ts'

/** A flow to simulate, with its workspace and its people. */
export interface Subject {
  file: string
  flow: Flow
  yaml: string
  document: WorkspaceDocument
  simulation: Simulation
}

/**
 * The flows that were named, or all of the folder, each with `simulations/<its file>` beside it.
 * @param personas a file that stands for the one beside the flow.
 * @throws CommandError after every fault of every file was told.
 */
export async function readSubjects(given: string[], personas: string | undefined, out: Output): Promise<Subject[]> {
  const people = given.find(isSimulation)
  if (people !== undefined)
    throw new CommandError(
      `${people} is a simulation: the people whom a flow calls.`,
      `Name the flow: \`talkif simulate ${flowOf(people)}\`.`,
    )
  const sources = await readSources(await withWorkspace(given), out, { assume: true })
  tellAssumed(sources, out)
  allValid(sources, out)
  const document = sources.find(({ workspace }) => workspace)?.workspace?.document ?? {}
  const flows = sources.flatMap(({ path, text, parsed }) => (parsed ? [{ path, text, flow: parsed.flow }] : []))
  if (flows.length === 0) throw new CommandError('There is no flow to simulate.', 'Name the file of one.')
  if (personas !== undefined && flows.length > 1)
    throw new CommandError('--personas is for one flow, and there are several.', 'Name the file of one flow.')
  const read = await Promise.all(
    flows.map(async ({ path, text, flow }) => {
      const own = personas ?? join(dirname(path), 'simulations', basename(path))
      const found = await readSimulation(own, flow, personas !== undefined)
      return { file: path, flow, yaml: text, document, ...found }
    }),
  )
  allValid(
    read.map(({ path, simulationText, faults }) => ({ path, text: simulationText, faults })),
    out,
  )
  return read
}

/** Whether a file says whom a flow calls, and not a flow itself: by the folder it lies in. */
export const isSimulation = (path: string): boolean => basename(dirname(resolve(path))) === 'simulations'

/** The flow whose people a simulation's file names. */
export const flowOf = (path: string): string => join(dirname(path), '..', basename(path))

export async function readSimulation(path: string, flow: Flow, isNamed: boolean) {
  if (!isNamed && !existsSync(path)) return { path, simulationText: '', faults: [], simulation: {} }
  const simulationText = await readText(path)
  const slots = flow.qualify.map(({ name }) => name)
  const parsed = parseSimulation(simulationText, slots)
  if ('faults' in parsed) return { path, simulationText, faults: parsed.faults, simulation: {} }
  return { path, simulationText, faults: [], simulation: parsed.simulation }
}

/** A single flow still needs the calendars and templates that it names: talkif.yaml beside it, above it, or here. */
async function withWorkspace(given: string[]): Promise<string[]> {
  const [first] = given
  if (first === undefined || given.some((path) => basename(path) === 'talkif.yaml') || !/\.ya?ml$/.test(first))
    return given
  const places = [dirname(first), join(dirname(first), '..'), '.']
  const found = places.map((place) => join(place, 'talkif.yaml')).find(existsSync)
  return found ? [found, ...given] : given
}
