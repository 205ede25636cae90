import { clientConfig, ownConfig } from '../../runtime/config.ts'
import { Misconfigured } from '../../runtime/misconfigured.ts'
import { database } from '../doctor/database.ts'
import { type Finding, fail, ok } from '../doctor/finding.ts'
import { disk, port, versions } from '../doctor/machine.ts'
import { server } from '../doctor/server.ts'
import { vendors } from '../doctor/vendors.ts'
import { type Invocation, status } from '../invocation.ts'
import type { Paint } from '../output.ts'

/** `talkif doctor`: everything that can be looked at from here; status 1 when anything has failed. */
export async function doctor({ options, out }: Invocation): Promise<number> {
  const findings = [versions(), ...(await thisMachine()), ...(await itsServer(options))]
  const isWell = findings.every(({ state }) => state !== 'fail')
  out.show({ ok: isWell, findings }, ({ findings }, paint) => findings.flatMap((it) => lines(it, paint)))
  return isWell ? status.ok : status.failed
}

async function thisMachine(): Promise<Finding[]> {
  const config = configuration()
  if ('state' in config) return [config]
  const found = await Promise.all([disk(config), port(config), database(config), vendors(config)])
  return [ok('configuration', 'is without faults'), ...found.flat()]
}

function configuration() {
  try {
    return ownConfig()
  } catch (error) {
    return faulty(error as Error)
  }
}

async function itsServer(options: Parameters<typeof clientConfig>[0]): Promise<Finding[]> {
  try {
    return await server(clientConfig(options))
  } catch (error) {
    return [faulty(error as Error)]
  }
}

function faulty(error: Error): Finding {
  if (error instanceof Misconfigured) return fail('configuration', error.message, error.next)
  const faults = error.message.split('\n').slice(1).join('\n').trim()
  return fail('configuration', faults || error.message, 'Mend the variables; docs/operating.md has them all.')
}

const MARKS = { ok: ['green', '✓'], warn: ['yellow', '!'], fail: ['red', '✗'] } as const

function lines({ what, state, found, mend }: Finding, paint: Paint): string[] {
  const [style, mark] = MARKS[state]
  const [first = '', ...rest] = found.split('\n')
  return [
    `${paint(style, mark)} ${what.padEnd(14)} ${first}`,
    ...rest.map((line) => `${' '.repeat(17)}${line.trim()}`),
    ...(mend ? [`${' '.repeat(17)}${paint('cyan', '→')} ${mend}`] : []),
  ]
}
