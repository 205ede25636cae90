import { type Invocation, sure } from '../invocation.ts'
import { fields, table } from '../output.ts'

interface Key {
  id: string
  mode: string
  hint: string
  scopes: string[]
  created_at: string
  revoked_at: string | null
}

/** `talkif keys create` */
export async function createKey({
  options,
  out,
  server,
}: Invocation<{ mode: string; scope?: string[] }>): Promise<void> {
  const { mode, scope: scopes } = options
  const made = await (await server()).ask<{ id: string; key: string }>('POST', '/workspace/keys', {
    body: { mode, scopes },
  })
  out.show(made, ({ id, key }, paint) => [
    ...fields(paint, [
      ['id', id],
      ['key', paint('bold', key)],
    ]),
    'It is shown only now: keep it where secrets are kept.',
  ])
}

/** `talkif keys revoke` */
export async function revokeKey(it: Invocation<{ yes?: boolean }, [id: string]>): Promise<void> {
  const [id] = it.args
  const to = await it.server()
  await sure(it, `End key ${id}? Whoever uses it is refused from now on.`)
  await to.ask('DELETE', `/workspace/keys/${encodeURIComponent(id)}`)
  it.out.show({ id, revoked: true }, ({ id }, paint) => [`${paint('green', '✓')} ${id} is revoked.`])
}

/** `talkif keys list` */
export async function listKeys({ out, server }: Invocation): Promise<void> {
  const keys = await (await server()).ask<{ data: Key[] }>('GET', '/workspace/keys')
  const row = ({ id, mode, hint, scopes, created_at, revoked_at }: Key) => {
    const state = revoked_at ? `revoked ${revoked_at.slice(0, 10)}` : 'valid'
    return [id, `tk_${mode}_…${hint}`, state, created_at.slice(0, 10), scopes.join(' ')]
  }
  out.show(keys, ({ data }, paint) =>
    table(paint, ['id', 'key', 'state', 'made', 'scopes'], data.map(row), 'There are no keys.'),
  )
}
