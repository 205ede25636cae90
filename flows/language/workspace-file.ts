import { isMap, isScalar, isSeq, stringify } from 'yaml'
import { isText, MAX_FAULTS, readShape } from '../../openapi/faults.ts'
import { type JsonSchema, printSchema } from '../../openapi/json-schema.ts'
import { nearest } from '../../openapi/nearest.ts'
import type { FieldFault } from '../../openapi/schemas/problem.ts'
import { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import { formsOf, UNITS, unitOf, withUnit } from '../../openapi/workspace-schema.ts'
import type { z } from '../../openapi/zod.ts'
import { escapeEnvironment, fillEnvironment, hasVariables } from './environment.ts'
import type { FlowFault } from './faults.ts'
import { languageNamed, readDuration, type Unit } from './fields.ts'
import { inOrder } from './parse.ts'
import { entries, isEmpty, type Node, type Reading, short, startReading } from './reading.ts'
import { STAND_IN_DURATION, standIn, standInText } from './stand-in.ts'
import { type FileKind, MAX_TOKENS_OF_OTHERS, readYaml } from './yaml.ts'

const KIND: DocumentKind = {
  holds: 'a workspace',
  sections: 'business: and calendars:',
  maxTokens: MAX_TOKENS_OF_OTHERS,
}

/** A kind of file, with two of its sections as an example. */
export type DocumentKind = FileKind & { sections: string }

export interface WorkspaceFile {
  document: WorkspaceDocument
  /** Names of the variables that stand-ins are in the place of, by the paths of their fields. */
  assumed: ReadonlyMap<string, string[]>
  /** Where in the file a fault stands that was found in the document, here or by the server. */
  faultAt(fault: Pick<FieldFault, 'pointer' | 'detail'>): FlowFault
}

/** A document whose faults are told by their places in the file. */
interface Walk {
  reading: Reading
  environment: Readonly<Record<string, string | undefined>>
  /** Gathers what the environment lacks; without it that is a fault. */
  assumed?: Map<string, string[]> | undefined
}

/**
 * The text of `talkif.yaml` → the workspace document, or every fault of its shape with line and column. It says what the document
 * says, with three conveniences: `${NAME}` and `${NAME:-default}` are filled from `environment`, `slot: 30m` stands for
 * `slot_minutes: 30`, and a number counts as text where text is meant. Never throws.
 * @param assume puts a stand-in in the place of a variable that `environment` lacks, which is a fault otherwise.
 */
export function parseWorkspace(
  text: string,
  environment: Readonly<Record<string, string | undefined>>,
  { assume = false } = {},
): WorkspaceFile | (FaultyFile & Pick<WorkspaceFile, 'assumed'>) {
  const assumed = new Map<string, string[]>()
  const how = { kind: KIND, environment, assumed: assume ? assumed : undefined }
  const read = readDocument(text, WorkspaceDocument, how)
  return { ...read, assumed }
}

/** What a file says, and how its faults are told. */
export interface DocumentFile<T> {
  document: T
  faultAt: WorkspaceFile['faultAt']
}

/** What a file with faults says all the same, for what else is wrong with it; nothing where it is no mapping at all. */
export interface FaultyFile {
  faults: FlowFault[]
  draft?: object
  faultAt?: WorkspaceFile['faultAt']
}

/** Any document that is written in YAML as its schema says, with the conveniences of {@link parseWorkspace}. Never throws. */
export function readDocument<S extends z.ZodType>(
  text: string,
  schema: S,
  { kind, environment, assumed }: { kind: DocumentKind } & Omit<Walk, 'reading'>,
): DocumentFile<z.infer<S>> | FaultyFile {
  const reading = startReading(text)
  const read = readYaml(text, kind)
  if ('faults' in read) {
    for (const fault of read.faults) reading.fault(fault.offset, '', fault.message)
    return { faults: reading.faults }
  }
  if (!isEmpty(read.root) && !isMap(read.root)) {
    reading.fault(read.root, '', `${kind.holds} is a mapping of sections, such as ${kind.sections}`)
    return { faults: reading.faults }
  }
  const draft = value(read.root, printSchema(schema, 'input'), [], '', { reading, environment, assumed }) ?? {}
  const faultAt: WorkspaceFile['faultAt'] = (fault) => inFile(reading, fault)
  const { data, faults } = readShape(schema, draft)
  // Where reading already failed, the schema only repeats it.
  const told = new Set(reading.faults.map(({ path }) => path))
  const all = [...reading.faults, ...faults.map(faultAt).filter(({ path }) => !told.has(path))]
  if (data !== undefined && all.length === 0) return { document: data, faultAt }
  return { faults: inOrder(all), draft, faultAt }
}

/** A workspace document as the text of `talkif.yaml`, its sections in the order of the schema. */
export const printWorkspace = (document: WorkspaceDocument): string =>
  stringify(escaped(WorkspaceDocument.parse(document)), {
    // Blocks lose white space at the ends of some texts.
    blockQuote: false,
    lineWidth: 0,
    aliasDuplicateObjects: false,
  })

function escaped(value: unknown): unknown {
  if (typeof value === 'string') return escapeEnvironment(value)
  if (Array.isArray(value)) return value.map(escaped)
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([key, inner]) => [key, escaped(inner)]))
}

/** What a node says, as far as the schema knows how to take it; the schema judges it afterwards. */
function value(node: Node, schema: JsonSchema, name: string[], path: string, walk: Walk): unknown {
  const forms = formsOf(schema)
  if (isEmpty(node)) return forms.some(({ type }) => type === 'null') ? null : undefined
  if (isMap(node)) return object(node, forms, name, path, walk)
  if (isSeq(node)) {
    const list = forms.find(({ items }) => items)
    const item = list?.items as JsonSchema | undefined
    // One too many is enough for the schema to tell.
    const most = (list?.maxItems as number | undefined) ?? Number.POSITIVE_INFINITY
    return (node.items as Node[]).slice(0, most + 1).map((inner, index) => {
      const at = [...name, String(index)]
      walk.reading.place(at.join('.'), inner, at.join('.'))
      return value(inner, item ?? {}, at, at.join('.'), walk) ?? null
    })
  }
  return scalar(node, forms, path, walk)
}

function object(node: Node, forms: JsonSchema[], name: string[], path: string, walk: Walk): Record<string, unknown> {
  const { reading } = walk
  const result: Record<string, unknown> = {}
  const spelled = new Map<string, string>()
  for (const { key, keyNode, value: inner } of entries(node, path, reading)) {
    const innerPath = path ? `${path}.${key}` : key
    const known = memberOf(forms, key)
    if (!known && path === '' && reading.faults.length < MAX_FAULTS) unknownSection(keyNode, key, forms, reading)
    const as = known?.name ?? key
    const before = spelled.get(as)
    if (before !== undefined) {
      reading.fault(keyNode, innerPath, `"${short(key)}" is given twice: before as "${short(before)}"`)
      continue
    }
    spelled.set(as, key)
    const at = [...name, as]
    reading.place(at.join('.'), known && !isEmpty(inner) ? inner : keyNode, innerPath)
    const read = known?.isDuration
      ? duration(inner, unitOf(as)!, innerPath, walk)
      : value(inner, known?.schema ?? {}, at, innerPath, walk)
    if (read !== undefined || !known) Object.defineProperty(result, as, { value: read ?? null, ...MEMBER })
  }
  return result
}

/** Of what stands at the top, all there is; what resembles one of them the schema tells. */
function unknownSection(at: Node, key: string, forms: JsonSchema[], reading: Reading): void {
  const sections = forms.flatMap(({ properties }) => Object.keys(properties ?? {}))
  if (!nearest(key, sections))
    reading.fault(at, key, `There is no field ${short(key)} here; known: ${sections.join(', ')}`)
}

/** `__proto__` is a member like any other, for the schema to refuse. */
const MEMBER = { enumerable: true, configurable: true, writable: true }

/** The member that a key means: of that name, or of that name with a unit after it. */
function memberOf(forms: JsonSchema[], key: string) {
  for (const { properties = {}, additionalProperties, propertyNames } of forms as {
    [name: string]: Record<string, JsonSchema>
  }[]) {
    if (Object.hasOwn(properties, key)) return { name: key, schema: properties[key]!, isDuration: false }
    const timed = withUnit(Object.keys(properties), key)
    if (timed) return { name: timed, schema: properties[timed]!, isDuration: true }
    const isPossible = !Array.isArray(propertyNames?.enum) || propertyNames.enum.includes(key)
    if (typeof additionalProperties === 'object' && isPossible)
      return { name: key, schema: additionalProperties as JsonSchema, isDuration: false }
  }
  return undefined
}

function scalar(node: Node, forms: JsonSchema[], path: string, walk: Walk): unknown {
  if (!isScalar(node)) return undefined
  const takes = (type: string) => forms.some((form) => form.type === type || (type === 'string' && 'enum' in form))
  if (typeof node.value === 'number' && takes('string') && !takes('number') && !takes('integer')) return node.source
  const timed = everyMember(forms)
  if (timed) return allMembers(node, timed, path, walk)
  if (typeof node.value !== 'string') return node.value
  const filled = fill(node, path, walk)
  if (filled !== undefined && walk.assumed?.has(path)) return standIn(filled, forms, path)
  if (filled === undefined || !hasVariables(node.value) || takes('string')) return filled
  // A variable is text; where none is meant it is read as YAML would read it.
  if ((takes('number') || takes('integer')) && /^-?\d+(\.\d+)?$/.test(filled)) return Number(filled)
  return takes('boolean') && /^(true|false)$/.test(filled) ? filled === 'true' : filled
}

/** The names of an object's members when each is a duration of the same unit: `retention: 30d` sets them all. */
function everyMember(forms: JsonSchema[]): string[] | undefined {
  const properties = forms.flatMap((form) => Object.keys((form.properties as object | undefined) ?? {}))
  const units = new Set(properties.map(unitOf))
  return units.size === 1 && !units.has(undefined) ? properties : undefined
}

function allMembers(node: Node, names: string[], path: string, walk: Walk): unknown {
  const each = duration(node, unitOf(names[0]!)!, path, walk)
  for (const name of names) walk.reading.place(`${path}.${name}`, node, path)
  return each === undefined ? undefined : Object.fromEntries(names.map((name) => [name, each]))
}

/** `30m`, as a number of `unit`. */
function duration(node: Node, unit: string, path: string, walk: Walk): number | undefined {
  if (isEmpty(node)) return undefined
  if (!isScalar(node)) return walk.reading.fault(node, path, `"${path}" must be a duration such as 30m`)
  const written = typeof node.value === 'string' ? fill(node, path, walk) : node.source
  if (written === undefined) return undefined
  if (walk.assumed?.has(path)) return STAND_IN_DURATION
  const read = readDuration(written, unit[0] as Unit)
  if ('message' in read) return walk.reading.fault(node, path, read.message, read.suggestion)
  const count = read.seconds / UNITS[unit]!
  return Number.isInteger(count) ? count : walk.reading.fault(node, path, `"${path}" must be a number of whole ${unit}`)
}

/** The text of a scalar with its variables filled in; undefined after a fault. */
function fill(node: Node, path: string, walk: Walk): string | undefined {
  const { reading, environment, assumed } = walk
  const written = String((node as { value?: unknown } | null)?.value)
  if (!isText(written)) return reading.fault(node, path, `"${path}" holds U+0000 or half of a surrogate pair`)
  const filled = fillEnvironment(written, environment)
  if ('text' in filled) return filled.text
  const { missing } = filled
  if (!assumed || missing === undefined) return reading.fault(reading.within(node, filled.at), path, filled.message)
  assumed.set(path, [...(assumed.get(path) ?? []), missing])
  return fill(node, path, { ...walk, environment: { ...environment, [missing]: standInText(missing) } })
}

/** A fault of the document at its place in the file, in the form of a flow's. */
function inFile(reading: Reading, { pointer, detail }: Pick<FieldFault, 'pointer' | 'detail'>): FlowFault {
  const steps = pointer.split('/').slice(1)
  const name = steps.map((step) => step.replaceAll('~1', '/').replaceAll('~0', '~'))
  const { at, path } = reading.placed(name)
  const [, message = '', meant] = /^(.*?)(?:; did you mean (.+)\?)?\.?$/s.exec(detail) ?? []
  const suggestion = meant ?? nearestOption(at, message) ?? nearestShape(at, message) ?? nearestLanguage(at, message)
  const fault = { ...reading.position(at), path: path || name.join('.'), message }
  return suggestion === undefined ? fault : { ...fault, suggestion }
}

/** Of several words that are possible, the one that what was written resembles. */
function nearestOption(at: Node | number, message: string): string | undefined {
  const options = / must be (?:one of )?(.+)$/.exec(message)?.[1]?.split(/, | or /)
  const isWord = typeof at !== 'number' && isScalar(at) && typeof at.value === 'string'
  return options && isWord ? nearest(at.value as string, options) : undefined
}

/** As a number or a time of day is written: digits alone, hours of two digits, and midnight as the begin of the next day. */
function nearestShape(at: Node | number, message: string): string | undefined {
  const shape = / must look like (\+|\d\d:\d\d)/.exec(message)?.[1]
  if (shape === undefined || typeof at === 'number' || !isScalar(at)) return undefined
  const written = String(at.value)
  const hours = () => written.replace(/(?<!\d)24:00/g, '00:00').replace(/(?<!\d)\d:\d\d/g, '0$&')
  const meant = shape === '+' ? `+${written.replace(/\D/g, '')}` : hours()
  const isPossible = shape !== '+' || /^\s*\+[\d ().-]{7,}$/.test(written)
  return meant === written || !isPossible ? undefined : meant
}

/** The tag of a language that was written by its name. */
function nearestLanguage(at: Node | number, message: string): string | undefined {
  const isTag = message.endsWith(' must look like tr-TR') && typeof at !== 'number' && isScalar(at)
  return isTag ? languageNamed(String(at.value)) : undefined
}
