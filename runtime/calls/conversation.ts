import { compileConversation } from '../../flows/language/prompt.ts'
import { engineVoices } from '../../openapi/schemas/workspace-sections.ts'
import { workspaceSettings } from '../access/workspaces.ts'
import { eq } from '../db/drizzle.ts'
import { handoffQueues, leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { spokenZone } from '../guardrails/spoken-zone.ts'
import type { Conversation } from '../voice/port.ts'
import { toolsOf } from '../voice/tools.ts'
import { callOfAttempt, isCurrent } from './attempt.ts'
import { openBook } from './book.ts'
import { toCallTime } from './call-time.ts'
import { type FlowTools, openFlowTools } from './flow-tools.ts'
import type { ToolContext } from './tool-context.ts'

/** The engine's voice where the flow names none that is known. */
const VOICE = 'marin'
/** In time-lapse what the machine itself takes counts many times over: what is bridged there has lasted so long by the wall, too. */
const BRIDGED_AFTER_MS = 480
const LIFELIKE_PACE = 2.5

export interface PreparedConversation {
  conversation: Conversation
  flowTools: FlowTools
  context: ToolContext
  /** SHA-256 of what admits the attempt's media stream; null once it did while the database was away. */
  streamTokenHash: string | null
}

/** Compiles what the agent of an attempt says and may do; undefined when the attempt is over. */
export async function prepareConversation(deps: Deps, attemptId: string): Promise<PreparedConversation | undefined> {
  const found = await callOfAttempt(deps, attemptId)
  if (!found || !isCurrent(found)) return undefined
  const { call } = found
  const [[lead], flow, settings, queues] = await Promise.all([
    deps.db.select().from(leads).where(eq(leads.id, call.leadId)),
    deps.flowVersions.of(deps.db, call),
    workspaceSettings(deps.db, call.workspaceId),
    deps.db.select().from(handoffQueues).where(eq(handoffQueues.workspaceId, call.workspaceId)),
  ])
  const takesMessages = queues.some((it) => it.settings.fallback === 'voicemail')
  const flowTools = await openFlowTools(deps, { call, spanId: found.attempt.spanId }, flow)
  const voice = settings.voices.find(({ name }) => name === flow.call.voice)
  const compiled = compileConversation({
    flow,
    lead: lead!,
    voice,
    business: settings.business,
    now: toCallTime(call, new Date(deps.clock.now())),
    timeZone: spokenZone(lead!.zones),
    recorded: call.recorded,
  })
  const { greeting, greetingInterruptible, instructions, introduction, language, phrases, voicemailMessage } = compiled
  return {
    conversation: {
      callId: call.id,
      attemptId,
      greeting,
      greetingInterruptible,
      instructions,
      tools: [...toolsOf(flow, { takesMessages }), ...flowTools.definitions],
      voice: voice?.voice ?? engineVoices.find((name) => name === flow.call.voice) ?? VOICE,
      ...(voice?.speed === undefined ? {} : { speed: voice.speed }),
      ...(voice?.manner === undefined ? {} : { manner: voice.manner }),
      language,
      maxDurationSeconds: flow.call.max_duration_seconds,
      idleSeconds: flow.call.idle_seconds,
      ...(call.pace > LIFELIKE_PACE ? { fillerAfterMs: BRIDGED_AFTER_MS * call.pace } : {}),
      interruptions: { afterMs: flow.agent.interrupt_after_ms, words: flow.agent.interrupt_words },
      introduction,
      ...(phrases ? { phrases } : {}),
      ...(voicemailMessage === null ? {} : { voicemailMessage }),
    },
    flowTools,
    context: {
      deps,
      attemptId,
      spanId: found.attempt.spanId,
      attempt: found.attempt.attempt,
      fromPhone: found.attempt.fromPhone,
      call,
      lead: lead!,
      flow,
      settings,
      language,
      book: openBook(deps, call.id),
      known: { answers: call.answers, findings: call.findings },
    },
    streamTokenHash: found.attempt.streamTokenHash,
  }
}
