import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Child } from './child.ts'
import type { Figure } from './figures.ts'

interface Usage {
  cpuMs: number
  residentBytes: number
}

/** What a server costs that has nothing to do: it polls for due jobs. Its own process, and PostgreSQL for it. */
export async function idle(server: Child, seconds: number): Promise<Figure[]> {
  const before = { server: await server.ask<Usage>('usage'), postgresMs: postgresCpuMs() }
  await pause(seconds * 1000)
  const after = { server: await server.ask<Usage>('usage'), postgresMs: postgresCpuMs() }
  const share = (ms: number) => ms / (seconds * 10)
  const figures: Figure[] = [
    {
      ...{ name: 'memory of a server', unit: 'MB', limit: null },
      ...{ value: after.server.residentBytes / 1e6, note: 'resident, after the steady leads' },
    },
    {
      ...{ name: 'idle CPU of a server', unit: '% of a core', limit: null },
      ...{ value: share(after.server.cpuMs - before.server.cpuMs), note: `all roles, over ${seconds} s` },
    },
  ]
  if (after.postgresMs === undefined || before.postgresMs === undefined) return figures
  const value = share(after.postgresMs - before.postgresMs)
  return [
    ...figures,
    { name: 'idle CPU of its PostgreSQL', value, unit: '% of a core', limit: null, note: 'Linux only' },
  ]
}

/** CPU time of all PostgreSQL processes that this machine shows; undefined where there is no /proc. */
function postgresCpuMs(): number | undefined {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map(cpuMsOf)
      .reduce((sum, ms) => sum + ms, 0)
  } catch {
    return undefined
  }
}

/** Of one process, 0 when it is not PostgreSQL's. Fields 14 to 17 count hundredths of a second: proc_pid_stat(5). */
function cpuMsOf(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    if (!stat.includes('(postgres)')) return 0
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    return (Number(fields[11]) + Number(fields[12])) * 10
  } catch {
    return 0
  }
}
