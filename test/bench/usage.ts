import { readdirSync, readFileSync } from 'node:fs'
import { setTimeout as pause } from 'node:timers/promises'
import type { Child } from './child.ts'
import type { Figure } from './figures.ts'

export interface Usage {
  cpuMs: number
  residentBytes: number
}

/** Of the process that asks: CPU time used so far and memory held now. */
export function ownUsage(): Usage {
  const { user, system } = process.cpuUsage()
  return { cpuMs: (user + system) / 1000, residentBytes: process.memoryUsage.rss() }
}

/** What a server costs that has nothing to do: it polls for due jobs. Its own process, and PostgreSQL for it. */
export async function idle(server: Child, postgresPid: number, seconds: number): Promise<Figure[]> {
  const before = { server: await server.ask<Usage>('usage'), postgresMs: cpuMsOfFamily(postgresPid) }
  await pause(seconds * 1000)
  const after = { server: await server.ask<Usage>('usage'), postgresMs: cpuMsOfFamily(postgresPid) }
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
  const value = share(after.postgresMs - before.postgresMs)
  if (Number.isNaN(value)) return figures
  return [
    ...figures,
    { name: 'idle CPU of its PostgreSQL', value, unit: '% of a core', limit: null, note: 'Linux only' },
  ]
}

/** CPU time of a process and its children so far; NaN where there is no /proc. */
export function cpuMsOfFamily(parent: number): number {
  try {
    return readdirSync('/proc')
      .filter((name) => /^\d+$/.test(name))
      .map((pid) => cpuMsOf(pid, parent))
      .reduce((sum, ms) => sum + ms, 0)
  } catch {
    return Number.NaN
  }
}

/**
 * 0 for a process of another family. Field 4 is the parent; 14 and 15 count hundredths of a second, 16 and 17 those of children
 * that have ended: proc_pid_stat(5).
 */
function cpuMsOf(pid: string, parent: number): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8')
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ')
    const counted =
      Number(pid) === parent ? fields.slice(11, 15) : Number(fields[1]) === parent ? fields.slice(11, 13) : []
    return counted.reduce((sum, hundredths) => sum + Number(hundredths) * 10, 0)
  } catch {
    return 0
  }
}
