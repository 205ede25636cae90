import { spawnSync } from 'node:child_process'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { openLog } from '../../runtime/log.ts'

test('an error in the log tells what happened and where, and nothing of a person or a connection', () => {
  const program = `
    import { DrizzleQueryError } from './runtime/db/drizzle.ts'
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

test('secrets and people are hidden wherever they stand, and keys wherever they are told', () => {
  const lines: string[] = []
  const log = openLog('debug', { write: (line) => void lines.push(line) })
  const inner = { caldav: { username: 'mehmet', password: 'geheim' }, list: [{ api_key: 'cal_live_1', token: 'tk' }] }
  log.info({ call: 'call_1', key: 'k1', apiKey: 'k2', CRM_TOKEN: 'k3', one: { two: { three: inner } } }, 'done')
  log.debug({ event: 'rang', to: '+905321234218', from: '+12025550190', params: { Body: 'Merhaba', To: '+9053' } })
  log.warn({ err: new Error('Bearer tk_live_abcdefghijklmnop was refused; whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw') })
  const said = lines.join('')
  expect(said).not.toMatch(/geheim|cal_live_1|"tk"|k1|k2|k3|9053|202555|Merhaba|abcdefghijklmnop|MfKQ9r8/)
  expect(JSON.parse(lines[0]!)).toMatchObject({
    ...{ call: 'call_1', msg: 'done', key: '[hidden]' },
    one: { two: { three: { caldav: { username: 'mehmet', password: '[hidden]' }, list: [{ api_key: '[hidden]' }] } } },
  })
  expect(JSON.parse(lines[2]!).err.message).toBe('Bearer [hidden] was refused; [hidden]')
  const circle: Record<string, unknown> = { name: 'x' }
  circle.self = circle
  expect(() => log.info({ circle }, 'round')).not.toThrow()
})
