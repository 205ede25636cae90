import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'

test('an error in the log tells what happened and where, and nothing of a person or a connection', () => {
  const program = `
    import { DrizzleQueryError } from 'drizzle-orm/errors'
    import { openLog } from './runtime/log.ts'
    const cause = Object.assign(new Error('duplicate key'), { code: '23505', detail: 'Key (phone)=(+905321234218)', client: { secretKey: 4711 } })
    const error = new DrizzleQueryError('insert into "leads" values ($1, $2)', ['+905321234218', 'Ece\\nYılmaz'], cause)
    openLog('warn').error({ err: error, phone: 1, inner: { phone: '+905321234218' } }, 'failed')
    openLog('warn').error({ err: 'words' }, 'failed')`
  const { stderr } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: join(import.meta.dirname, '../..'),
    encoding: 'utf8',
  })
  const [line, other] = stderr
    .trim()
    .split('\n')
    .map((text) => JSON.parse(text))
  expect(line.err).toMatchObject({
    type: 'DrizzleQueryError',
    message: 'Failed query: insert into "leads" values ($1, $2)\nparams: [hidden]',
    stack: expect.stringContaining('\n    at '),
    cause: { type: 'Error', message: 'duplicate key', code: '23505' },
  })
  expect(stderr).not.toMatch(/905321234218|Ece|Yılmaz|4711/)
  expect(other.err).toEqual({ message: 'words' })
})
