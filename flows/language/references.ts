import { nearest } from '../../openapi/nearest.ts'
import { type Flow, OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import type { FlowFault } from './faults.ts'
import type { ParsedFlow } from './parse.ts'

/** What a workspace has that flows may name. */
export interface WorkspaceNames {
  calendars: string[]
  queues: string[]
  webhooks: string[]
  voices: string[]
  secrets: string[]
  /** Template names by the channel they have words for. */
  sms: string[]
  whatsapp: string[]
}

export interface Reference {
  part: PropertyKey[]
  among: keyof WorkspaceNames
  name: string
}

/** How each is called, and where it is made. */
const THINGS: Record<keyof WorkspaceNames, [what: string, make: string]> = {
  calendars: ['calendar', 'calendars in talkif.yaml'],
  queues: ['queue', 'handoffs in talkif.yaml'],
  webhooks: ['webhook', 'webhooks in talkif.yaml'],
  voices: ['voice', 'voices in talkif.yaml'],
  secrets: ['secret', 'secrets in talkif.yaml'],
  sms: ['template with a text for sms', 'templates in talkif.yaml'],
  whatsapp: ['template for whatsapp', 'templates in talkif.yaml'],
}

/**
 * What a flow names and its workspace does not have, each where it is written. A voice may also be one of the engine's, so it is
 * judged only in a workspace that has voices of its own.
 */
export function referenceFaults({ flow, faultAt }: ParsedFlow, names: WorkspaceNames): FlowFault[] {
  return referencesOf(flow).flatMap(({ part, among, name }) => {
    if (names[among].includes(name) || (among === 'voices' && names.voices.length === 0)) return []
    const meant = nearest(name, names[among])
    const [what, make] = THINGS[among]
    const message = `the workspace has no ${what} named "${name}"`
    return [faultAt(part, meant ? message : `${message}; add it under ${make}`, meant)]
  })
}

/** What a flow names of its workspace. */
export function referencesOf({ call, tools, on }: Flow): Reference[] {
  return [
    ...(call.voice ? [{ part: ['call', 'voice'], among: 'voices' as const, name: call.voice }] : []),
    ...tools.flatMap((tool, i) => [
      ...secretsIn(tool.url).map((name) => ({ part: ['tools', i, 'url'], among: 'secrets' as const, name })),
      ...Object.entries(tool.headers).flatMap(([header, text]) =>
        secretsIn(text).map((name) => ({ part: ['tools', i, 'headers', header], among: 'secrets' as const, name })),
      ),
    ]),
    ...OUTCOMES.flatMap((outcome) =>
      on[outcome].flatMap((action, i): Reference[] => {
        const part = ['on', outcome, i]
        switch (action.type) {
          case 'book':
            return [{ part: [...part, 'calendar'], among: 'calendars', name: action.calendar }]
          case 'handoff':
            return [{ part: [...part, 'queue'], among: 'queues', name: action.queue }]
          case 'webhook':
            return [{ part: [...part, 'name'], among: 'webhooks', name: action.name }]
          case 'sms':
          case 'whatsapp':
            return action.template === null
              ? []
              : [{ part: [...part, 'template'], among: action.type, name: action.template }]
          default:
            return []
        }
      }),
    ),
  ]
}

const secretsIn = (text: string): string[] => [...text.matchAll(/\$\{([A-Z][A-Z0-9_]*)\}/g)].map((match) => match[1]!)
