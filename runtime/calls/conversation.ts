import { eq } from 'drizzle-orm'
import { compileConversation } from '../../flows/language/prompt.ts'
import { workspaceSettings } from '../access/workspaces.ts'
import { leads } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { flowVersion } from '../flows/read.ts'
import type { Conversation } from '../voice/port.ts'
import { toolsOf } from '../voice/tools.ts'
import { callOfAttempt, isCurrent } from './attempt.ts'
import { toCallTime } from './call-time.ts'
import type { ToolContext } from './conversation-tools.ts'

/** The engine's voice, until a workspace has voices of its own. */
const VOICE = 'marin'

export interface PreparedConversation {
  conversation: Conversation
  context: ToolContext
}

/** Compiles what the agent of an attempt says and may do; undefined when the attempt is over. */
export async function prepareConversation(deps: Deps, attemptId: string): Promise<PreparedConversation | undefined> {
  const found = await callOfAttempt(deps, attemptId)
  if (!found || !isCurrent(found)) return undefined
  const { call } = found
  const [[lead], flow, settings] = await Promise.all([
    deps.db.select().from(leads).where(eq(leads.id, call.leadId)),
    flowVersion(deps.db, call.workspaceId, call.flowId, call.flowVersion),
    workspaceSettings(deps.db, call.workspaceId),
  ])
  const compiled = compileConversation({
    flow,
    lead: lead!,
    business: settings.business,
    now: toCallTime(call, new Date(deps.clock.now())),
    timeZone: lead!.zones[0]!,
    recorded: call.recorded,
  })
  const { greeting, greetingInterruptible, instructions, language } = compiled
  return {
    conversation: {
      callId: call.id,
      attemptId,
      greeting,
      greetingInterruptible,
      instructions,
      tools: toolsOf(flow),
      voice: VOICE,
      language,
      maxDurationSeconds: flow.call.max_duration_seconds,
      idleSeconds: flow.call.idle_seconds,
    },
    context: {
      deps,
      attemptId,
      spanId: found.attempt.spanId,
      attempt: found.attempt.attempt,
      call,
      lead: lead!,
      flow,
      settings,
      language,
    },
  }
}
