import { and, eq, isNull } from 'drizzle-orm'
import { scopes as allScopes, type Scope } from '../../openapi/operation.ts'
import type { Db } from '../db/connect.ts'
import { apiKeys, type Mode, workspaces } from '../db/schema.ts'
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

export async function listKeys(deps: Pick<Deps, 'db'>, caller: Caller) {
  return deps.db
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
}

/**
 * The holder of a presented key. The look-up is by hash, so that neither its time nor its result tells anything of the key.
 * @throws unauthenticated for a missing, unknown or revoked key.
 */
export async function authenticate(db: Db, presented: string | undefined): Promise<KeyHolder> {
  if (!presented) throw new ProblemError('unauthenticated', 'No API key was sent.')
  const [row] = /^tk_(test|live)_[\w-]{32,64}$/.test(presented)
    ? await db
        .select({
          id: apiKeys.id,
          workspaceId: apiKeys.workspaceId,
          mode: apiKeys.mode,
          scopes: apiKeys.scopes,
          revokedAt: apiKeys.revokedAt,
        })
        .from(apiKeys)
        .innerJoin(workspaces, eq(workspaces.id, apiKeys.workspaceId))
        .where(eq(apiKeys.hash, sha256(presented)))
    : []
  if (!row) throw new ProblemError('unauthenticated', 'This API key is not known here.')
  if (row.revokedAt) throw new ProblemError('unauthenticated', 'This API key was revoked.')
  return { keyId: row.id, workspaceId: row.workspaceId, mode: row.mode, scopes: row.scopes }
}

/** @throws forbidden, naming the scope, when the key lacks it. */
export function requireScope(holder: KeyHolder, scope: Scope): void {
  if (!holder.scopes.includes(scope)) throw new ProblemError('forbidden', `This key lacks the scope ${scope}.`)
}
