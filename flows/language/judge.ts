import { FlowAgent, FlowCall, FlowOn, FlowTool, OUTCOMES } from '../../openapi/schemas/flow-document.ts'
import { greetingFault } from './greeting.ts'
import { short } from './reading.ts'
import { type TemplateScope, templateFaults } from './template.ts'
import { type Judgement, toolFaults } from './tool-faults.ts'

/** What was read of a flow, whole or not. */
export interface Draft {
  call?: unknown
  agent?: unknown
  qualify?: { name: string; question?: string | null; options?: string[] }[]
  tools?: unknown[]
  on?: unknown
}

/** What is wrong beyond the shape, of those parts of a flow whose shape is right. */
export function judge(draft: Draft): Judgement[] {
  const slots = (draft.qualify ?? []).map(({ name }) => name)
  return [
    ...spoken(draft),
    ...questions(draft),
    ...options(draft),
    ...(draft.tools ?? []).flatMap((tool, i) => {
      const { data } = FlowTool.safeParse(tool)
      return data ? toolFaults(data).map((it) => ({ ...it, part: ['tools', i, ...it.part] })) : []
    }),
    ...messages(draft, slots),
  ]
}

/** What is said before anything was asked. */
function spoken(draft: Draft): Judgement[] {
  const agent = FlowAgent.safeParse(draft.agent).data
  const call = FlowCall.safeParse(draft.call).data
  const scope = { slots: [], booking: false }
  const greeting = agent?.greeting ? ofTemplate(['agent', 'greeting'], agent.greeting, scope) : []
  const hidden = agent && call && greeting.length === 0 ? greetingFault({ agent, call }) : undefined
  return [
    ...greeting,
    ...(hidden ? [{ part: ['agent', 'greeting'], message: hidden }] : []),
    ...(call?.voicemail_message ? ofTemplate(['call', 'voicemail_message'], call.voicemail_message, scope) : []),
  ]
}

/** Braces may stand in a question; what was meant for a field, or is not known yet, is none that anybody should hear. */
const questions = ({ qualify = [] }: Draft): Judgement[] =>
  qualify.flatMap(({ question }, i) =>
    ofTemplate(['qualify', i, 'question'], question ?? '', { slots: [], booking: false }).filter(
      ({ message, suggestion }) => suggestion !== undefined || /^\{(?:answers|booking)\./.test(message),
    ),
  )

/** Of options that are spelled alike nobody can say which was meant. */
const options = ({ qualify = [] }: Draft): Judgement[] =>
  qualify.flatMap(({ options = [] }, i) => {
    const spelled = options.map((option) => option.trim().toLowerCase())
    return options.flatMap((option, at) =>
      spelled.indexOf(spelled[at]!) < at
        ? [{ part: ['qualify', i, 'options', at], message: `the option "${short(option)}" is given twice` }]
        : [],
    )
  })

function messages(draft: Draft, slots: string[]): Judgement[] {
  const on = FlowOn.safeParse(draft.on).data
  if (!on) return []
  return OUTCOMES.flatMap((outcome) =>
    on[outcome].flatMap((action, i) => {
      const variables = 'with' in action ? Object.entries(action.with) : []
      const scope = { slots, booking: outcome === 'booked' }
      return variables.flatMap(([name, text]) => ofTemplate(['on', outcome, i, 'with', name], text, scope))
    }),
  )
}

const ofTemplate = (part: PropertyKey[], text: string, scope: TemplateScope): Judgement[] =>
  templateFaults(text, scope).map((fault) => ({ part, ...fault }))
