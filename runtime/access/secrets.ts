import type { Db, Tx } from '../db/connect.ts'
import { eq } from '../db/drizzle.ts'
import { workspaceSecrets } from '../db/schema.ts'

/** Every secret of a workspace by its name: those that flows name, and `calendars.<name>.password` or `.api_key`. Never to be shown. */
export async function readSecrets(db: Db | Tx, workspaceId: string): Promise<Record<string, string>> {
  const rows = await db
    .select({ name: workspaceSecrets.name, value: workspaceSecrets.value })
    .from(workspaceSecrets)
    .where(eq(workspaceSecrets.workspaceId, workspaceId))
  return Object.fromEntries(rows.map(({ name, value }) => [name, value]))
}

/** A text names a secret that the workspace does not have. */
export class SecretMissing extends Error {
  override name = 'SecretMissing'
  readonly secret: string

  constructor(secret: string) {
    super(`the workspace has no secret ${secret}; set it under secrets in talkif.yaml`)
    this.secret = secret
  }
}

const REFERENCE = /\$\{([A-Z][A-Z0-9_]*)\}/g

/** `text` with every `${NAME}` filled in. @throws SecretMissing for the first that is not there. */
export function resolve(text: string, secrets: Record<string, string>): string {
  return text.replaceAll(REFERENCE, (_, name: string) => {
    if (!Object.hasOwn(secrets, name)) throw new SecretMissing(name)
    return secrets[name]!
  })
}
