import type { WorkspaceDocument } from '../../openapi/schemas/workspace.ts'
import type { Calendar, Template, Voice } from '../../openapi/schemas/workspace-sections.ts'
import type { Db, Tx } from '../db/connect.ts'
import { eq } from '../db/drizzle.ts'
import { workspaces } from '../db/schema.ts'
import type { Deps } from '../deps.ts'
import { newId } from '../ids.ts'

/** A workspace's settings with every gap filled. */
export interface Settings {
  name: string
  /** Its name is null while nobody has given one. */
  business: { name: string | null; description?: string }
  timeZone: string
  region: 'eu' | 'us' | 'tr'
  /** Without their secrets, which `readSecrets` has. */
  calendars: Calendar[]
  voices: Voice[]
  templates: Template[]
  /** Null: kept until they are deleted. */
  retention: { recordingsDays: number | null; transcriptsDays: number | null }
  caps: { perNumberPer24h: number; perNumberPer30d: number; minGapSeconds: number; perDay: number | null }
  sandbox: { pace: number; waits: number; clock: string }
}

/** Time-lapse of test calls: talk at the pace of life, waits sixty times faster, on a weekday at 11:00 where the person is. */
const sandboxDefaults = { pace: 1, waits: 60, clock: '11:00' }

export function settingsOf(document: WorkspaceDocument): Settings {
  const caps = document.caps
  return {
    name: document.name ?? 'Workspace',
    business: document.business ?? { name: document.name ?? null },
    timeZone: document.time_zone ?? 'UTC',
    region: document.region ?? 'eu',
    calendars: document.calendars ?? [],
    voices: document.voices ?? [],
    templates: document.templates ?? [],
    retention: {
      recordingsDays: document.retention?.recordings_days ?? null,
      transcriptsDays: document.retention?.transcripts_days ?? null,
    },
    caps: {
      perNumberPer24h: caps?.attempts_per_number_24h ?? 3,
      perNumberPer30d: caps?.attempts_per_number_30d ?? 30,
      minGapSeconds: caps?.min_gap_seconds ?? 60,
      perDay: caps?.attempts_per_day ?? null,
    },
    sandbox: { ...sandboxDefaults, ...document.sandbox },
  }
}

/** @throws Error for an id that does not exist: callers hold it from a key or a row. */
export async function workspaceSettings(db: Db | Tx, workspaceId: string): Promise<Settings> {
  const [row] = await db
    .select({ document: workspaces.document })
    .from(workspaces)
    .where(eq(workspaces.id, workspaceId))
  if (!row) throw new Error(`there is no workspace ${workspaceId}`)
  return settingsOf(row.document)
}

export async function createWorkspace(deps: Pick<Deps, 'clock' | 'db'>, document: WorkspaceDocument): Promise<string> {
  const id = newId('ws')
  await deps.db.insert(workspaces).values({ id, document, createdAt: new Date(deps.clock.now()) })
  return id
}
