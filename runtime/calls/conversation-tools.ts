import { readAnswer } from '../../flows/language/answers.ts'
import type { ToolResult } from '../voice/port.ts'
import { bookingTools } from './booking-tools.ts'
import { isQualified } from './decide.ts'
import { optOut } from './opt-out.ts'
import { judged, traceQualified } from './qualify.ts'
import { find, type Known, note, type ToolContext, words } from './tool-context.ts'
import { queueOf } from './transfer/queue.ts'
import type { Transfer } from './transfer/transfer.ts'

type Args = Record<string, unknown>

/** What a person may leave for those who call back, in characters. */
const MAX_MESSAGE = 1_000

/**
 * What the model's tools do in one conversation. Each effect is written at once, so that a crash keeps it, and only while the
 * attempt is the one the call is living through. What a person says counts also while the database is away.
 */
export function conversationTools(
  context: ToolContext,
  transfer: Transfer,
): (name: string, args: Args) => Promise<ToolResult> {
  const tools: Record<string, (args: Args) => Promise<ToolResult>> = {
    save_answer: (args) => saveAnswer(context, args),
    ...bookingTools(context),
    async transfer_to_human(args) {
      // Whoever wants no more calls is let go, and rings nobody's phone.
      if (context.known.findings.optedOut) return { output: LET_GO, next: 'say_goodbye' }
      return transfer.begin(words(args.reason))
    },
    async cancel_transfer() {
      transfer.abandon()
      await transfer.tookOver()
      return { output: { cancelled: true } }
    },
    async take_message(args) {
      const message = typeof args.message === 'string' ? args.message.trim().slice(0, MAX_MESSAGE) : ''
      if (message === '') return { output: { error: 'There is no message: ask what you should pass on.' } }
      await note(context, ({ findings }) => ({
        findings: { ...findings, handoff: { queue: null, reason: 'left a message', ...findings.handoff, message } },
      }))
      return { output: { noted: true } }
    },
    async not_a_fit(args) {
      const reason = args.reason === 'out_of_scope' ? 'out_of_scope' : 'not_interested'
      await find(context, { notFit: { reason, detail: words(args.detail) || null } })
      return { output: { noted: true }, next: 'say_goodbye' }
    },
    async wrong_number() {
      await find(context, { wrongNumber: true })
      return { output: { noted: true, say: 'Apologise for the mistake.' }, next: 'say_goodbye' }
    },
    stop_calling: () => stopCalling(context, 'call'),
    async voicemail() {
      await find(context, { voicemail: true })
      const leaves = context.flow.call.voicemail_message !== null
      return { output: { noted: true }, next: leaves ? 'leave_message' : 'hang_up' }
    },
    async call_screening() {
      await find(context, { screened: true })
      return { output: { noted: true }, next: 'wait' }
    },
    async end_call() {
      await find(context, { finished: true })
      return { output: { ending: true }, next: 'say_goodbye' }
    },
  }
  return async (name, args) => {
    const tool = tools[name]
    return tool ? tool(args) : { output: { error: `There is no tool ${name}.` } }
  }
}

const LET_GO = { transferred: false, say: 'They asked not to be called again: say goodbye.' }

/** The person will not be called again, from this instant. */
export async function stopCalling(context: ToolContext, source: 'call' | 'keypress'): Promise<ToolResult> {
  const { workspaceId, mode, phone } = context.call
  await find(context, { optedOut: true }, (tx) => optOut(tx, context.deps, { workspaceId, mode, phone, source }))
  return { output: { noted: true, say: 'They will not be called again.' }, next: 'say_goodbye' }
}

async function saveAnswer(context: ToolContext, args: Args): Promise<ToolResult> {
  const { deps, call, flow } = context
  const slot = flow.qualify.find((it) => it.name === args.slot)
  if (!slot) return { output: { error: `There is no slot ${words(args.slot)}.` } }
  const answer = readAnswer(slot, args.value)
  if ('again' in answer) return { output: { error: answer.again } }
  const wasQualified = context.known.findings.qualified
  const noted = note(context, (known: Known) => {
    const answers = { ...known.answers, [slot.name]: answer.value }
    const findings = judged(known.findings, answers, flow)
    return { answers, findings: { ...findings, qualified: isQualified({ answers, slots: flow.qualify, findings }) } }
  })
  const { answers, findings } = context.known
  await noted
  const qualifiedNow = findings.qualified && !wasQualified
  if (qualifiedNow) traceQualified(deps, { ...call, answers }, flow, true)
  if (findings.notFit?.reason === 'disqualified') return { output: DISQUALIFIED, next: 'take_leave' }
  const saved = { saved: true, value: answer.value }
  return { output: qualifiedNow && handsOver(context) ? { ...saved, ...OFFER } : saved }
}

/** After the questions, where the flow books nothing: as booking is, handing over is offered during the call. */
const handsOver = ({ flow }: ToolContext): boolean =>
  queueOf(flow) !== null && !flow.on.qualified.some(({ type }) => type === 'book')

const OFFER = {
  offer: 'transfer',
  say: 'All is answered: offer to connect them to a colleague now, and use transfer_to_human when they agree.',
}

const DISQUALIFIED = {
  ...{ saved: true, disqualified: true },
  say: 'What is offered does not fit them: thank them, say so politely in one sentence, and say goodbye. Ask nothing.',
}
