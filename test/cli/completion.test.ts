import { execFileSync, spawnSync } from 'node:child_process'
import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { commandGuide } from '../../cli/print.ts'
import { groups } from '../../cli/table.ts'
import { scopes } from '../../openapi/operation.ts'
import { Outcome } from '../../openapi/schemas/call.ts'
import { CallStatus } from '../../openapi/schemas/lead.ts'
import { command } from './command.ts'
import { folder } from './processes.ts'

const rows = groups.flatMap(({ commands }) => commands)

describe('bash', () => {
  test('completes commands, their options and their choices, in a real shell', async () => {
    const { out: script, status } = await command(['completion', 'bash'])
    expect(status).toBe(0)
    /** What bash offers for a line that is typed so far. */
    const offered = (line: string): string[] => {
      const words = line.split(' ')
      const given = words.map((word) => `'${word}'`).join(' ')
      const asked = `${script}\nCOMP_WORDS=(${given}); COMP_CWORD=${words.length - 1}; _talkif; printf '%s\\n' "\${COMPREPLY[@]}"`
      return execFileSync('bash', ['--norc', '-c', asked], { encoding: 'utf8' }).split('\n').filter(Boolean)
    }
    expect(offered('talkif ')).toEqual(
      expect.arrayContaining([...new Set(rows.map(({ name }) => name.split(' ')[0]!))]),
    )
    expect(offered('talkif dep')).toEqual(['deploy'])
    expect(offered('talkif keys ')).toEqual(expect.arrayContaining(['create', 'revoke', 'list']))
    expect(offered('talkif keys create --mo')).toEqual(['--mode'])
    expect(offered('talkif keys create --mode ')).toEqual(['test', 'live'])
    expect(offered('talkif dnc export --format f')).toEqual(['ftc'])
    expect(offered('talkif calls --status ')).toEqual(CallStatus.options)
    expect(offered('talkif calls --outcome ')).toEqual(Outcome.options)
    expect(offered('talkif keys create --scope ')).toEqual(scopes)
    expect(offered('talkif sandbox ')).toEqual(expect.arrayContaining(['clock', 'messages', '--json']))
    expect(offered('talkif sandbox clock --pa')).toEqual(['--pace'])
    expect(offered('talkif lead create --call')).toEqual(['--call-within', '--call-within-seconds'])
    expect(offered('talkif --json completion ')).toEqual(expect.arrayContaining(['bash', 'zsh']))
    // Files are offered where nothing of ours fits.
    expect(offered('talkif validate flo')).toEqual([])
    expect(script).toContain('complete -o default -F _talkif talkif')
  })
})

describe('zsh', () => {
  const hasZsh = spawnSync('zsh', ['--version']).status === 0

  test('knows every command and option, and no name that zsh keeps for itself', async () => {
    const { out: script } = await command(['completion', 'zsh'])
    for (const { name, options = [] } of rows) {
      expect(script).toContain(` ${name}")`)
      for (const { flags } of options) expect(script).toContain(`'${/--[\w-]+/.exec(flags)![0]}:`)
    }
    expect(script).not.toMatch(/\b(?:path|status|argv|options)=/)
    // Between its quotes nothing ends one.
    expect(script.split("'").length % 2).toBe(1)
  })

  test.runIf(hasZsh)('is read by a real shell', async () => {
    const { out: script } = await command(['completion', 'zsh'])
    expect(spawnSync('zsh', ['-n', '-c', script], { encoding: 'utf8' }).stderr).toBe('')
  })
})

test('a shell that is none of these', async () => {
  const { status, err } = await command(['completion', 'fish'])
  expect([status, err]).toEqual([1, expect.stringContaining('Allowed choices are bash, zsh.')])
})

test('the guide has every command with its options and its route, as npm run print prints it', async () => {
  const { printed, committed } = await commandGuide()
  expect(committed).toBe(printed)
})

test('each command says how it is used, and which route it asks', async () => {
  const { out } = await command(['help'])
  for (const { heading } of groups) expect(out).toContain(`\n${heading}:\n`)
  const helps = await Promise.all(
    ['keys create', 'dnc import', 'webhooks recover'].map((name) => command([...name.split(' '), '--help'])),
  )
  expect(helps.map(({ status }) => status)).toEqual([0, 0, 0])
  expect(helps[0]!.out).toContain('Route: POST /workspace/keys')
  expect(helps[1]!.out).toContain('--country <code>')
  expect(helps[2]!.out).toContain('Global Options:')
})

test('who stops reading ends the command quietly', () => {
  const cwd = folder()
  mkdirSync(join(cwd, 'flows'))
  for (let at = 0; at < 40; at++)
    writeFileSync(join(cwd, `flows/f${at}.yaml`), `id: flow_${at}\nmatch: {source: s${at}}\n`)
  const talkif = join(import.meta.dirname, '../../cli/talkif.js')
  const piped = `${process.execPath} ${talkif} validate | head -1`
  const { stdout, stderr } = spawnSync('bash', ['-c', piped], { cwd, encoding: 'utf8' })
  expect([stdout, stderr]).toEqual([expect.stringContaining('f0.yaml'), ''])
})
