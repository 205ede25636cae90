import { scopes as allScopes, type Scope } from '../../openapi/operation.ts'
import { and, eq, isNull } from '../db/drizzle.ts'
import { apiKeys, type Mode } from '../db/schema.ts'
import type { Caller, Deps } from '../deps.ts'
import { newId, randomToken, sha256 } from '../ids.ts'
import { ProblemError } from '../problem.ts'

export interface KeyHolder extends Caller {
  keyId: string
  scopes: Scope[]
}

/** What a key may do unless it was made for less. */
export const ordinaryScopes: Scope[] = allScopes.filter((scope) => scope !== 'workspace:admin')

/**
 * Makes a key of 192 random bits. Only its SHA-256 is stored; the key itself is in this answer and nowhere else.
 */
export async function createKey(
  deps: Pick<Deps, 'clock' | 'db'>,
  { workspaceId, mode, scopes = ordinaryScopes }: { workspaceId: string; mode: Mode; scopes?: Scope[] },
): Promise<{ id: string; key: string }> {
  const key = `tk_${mode}_${randomToken(24)}`
  const id = newId('key')
  await deps.db.insert(apiKeys).values({
    id,
    workspaceId,
    mode,
    hash: sha256(key),
    hint: key.slice(-4),
    scopes,
    createdAt: new Date(deps.clock.now()),
  })
  return { id, key }
}

/** Revokes a key from this instant. @throws not_found for a key that is not of this workspace. */
export async function revokeKey(deps: Pick<Deps, 'clock' | 'db'>, caller: Caller, keyId: string): Promise<void> {
  const [row] = await deps.db
    .update(apiKeys)
    .set({ revokedAt: new Date(deps.clock.now()) })
    .where(and(eq(apiKeys.id, keyId), eq(apiKeys.workspaceId, caller.workspaceId), isNull(apiKeys.revokedAt)))
    .returning({ id: apiKeys.id })
  if (!row) throw new ProblemError('not_found', `There is no key ${keyId} in this workspace.`)
}

/** Every key of the workspace, revoked ones too, without the keys themselves. */
export async function listKeys(deps: Pick<Deps, 'db'>, caller: Caller) {
  const rows = await deps.db
    .select({
      id: apiKeys.id,
      mode: apiKeys.mode,
      hint: apiKeys.hint,
      scopes: apiKeys.scopes,
      createdAt: apiKeys.createdAt,
      revokedAt: apiKeys.revokedAt,
    })
    .from(apiKeys)
    .where(eq(apiKeys.workspaceId, caller.workspaceId))
    .orderBy(apiKeys.createdAt)
  return rows.map(({ createdAt, revokedAt, ...row }) => ({
    ...row,
    created_at: createdAt.toISOString(),
    revoked_at: revokedAt?.toISOString() ?? null,
  }))
}

/** The row of a key, as it was found by its hash. */
export type FoundKey = KeyHolder & { revokedAt: string | null }

/**
 * What a presented key is looked up by: its hash, so that neither the time of the look-up nor its result tells anything of it.
 * @throws unauthenticated for a missing key, and for what cannot be one.
 */
export function hashOfKey(presented: string | undefined): string {
  if (!presented) throw new ProblemError('unauthenticated', 'No API key was sent.')
  if (!/^tk_(test|live)_[\w-]{32,64}$/.test(presented)) throw unknownKey()
  return sha256(presented)
}

/** @throws unauthenticated when there is no such key, or when it was revoked. */
export function holderOf(found: FoundKey | undefined): KeyHolder {
  if (!found) throw unknownKey()
  const { revokedAt, ...holder } = found
  if (revokedAt) throw new ProblemError('unauthenticated', 'This API key was revoked.')
  return holder
}

/** The holder of a presented key. @throws unauthenticated for a missing, unknown or revoked key. */
export async function authenticate({ sql }: Pick<Deps, 'sql'>, presented: string | undefined): Promise<KeyHolder> {
  const hash = hashOfKey(presented)
  const [found] = await sql<FoundKey[]>`
    select id as "keyId", workspace_id as "workspaceId", mode, scopes, revoked_at as "revokedAt"
    from api_keys where hash = ${hash}`
  return holderOf(found)
}

const unknownKey = () => new ProblemError('unauthenticated', 'This API key is not known here.')

/** @throws forbidden, naming the scope, when the key lacks it. */
export function requireScope(holder: KeyHolder, scope: Scope): void {
  if (!holder.scopes.includes(scope)) throw new ProblemError('forbidden', `This key lacks the scope ${scope}.`)
}
