import { Writable } from 'node:stream'
import { pino } from 'pino'
import { expect, test } from 'vitest'
import { tellOutages } from '../../runtime/db/tell-outages.ts'
import { settled, virtualClock } from '../voice/virtual-clock.ts'

const gone = (code: string) => Object.assign(new Error('gone'), { code })

function openWorld() {
  const lines: string[] = []
  const stream = new Writable({
    write(chunk, _, done) {
      const { level, msg } = JSON.parse(String(chunk))
      lines.push(`${level < 40 ? 'debug' : level < 50 ? 'warn' : 'error'}: ${msg}`)
      done()
    },
  })
  const time = virtualClock()
  const world = { ...time, isAway: false, told: () => lines.splice(0) }
  const probe = async () => {
    if (world.isAway) throw gone('ECONNREFUSED')
  }
  return Object.assign(world, tellOutages(pino({ level: 'debug' }, stream), time.clock, probe))
}

const AWAY = 'warn: the database is away: calls that run go on, everything else waits for it'

test('an outage is one line, and its end another', async () => {
  const world = openWorld()
  world.isAway = true
  world.log.warn({ err: gone('57P01') }, 'jobs')
  world.log.error({ err: gone('ECONNREFUSED') }, 'a job')
  await settled()
  expect(world.told()).toEqual(['debug: jobs', 'debug: a job', AWAY])
  for (let i = 0; i < 3; i += 1) {
    await world.pass(2_000)
    world.log.warn({ err: gone('ECONNREFUSED') }, 'jobs')
  }
  world.log.error({ err: new Error('a fault') }, 'of its own')
  expect(world.told()).toEqual([...Array(3).fill('debug: jobs'), 'error: of its own'])
  world.isAway = false
  await world.pass(500)
  // The last of those who had waited for it.
  world.log.warn({ err: gone('CONNECTION_CLOSED') }, 'late')
  await settled()
  expect(world.told()).toEqual(['warn: the database is back', 'debug: late'])
  await world.pass(10_000)
  world.isAway = true
  world.log.warn({ err: gone('57P01') }, 'again')
  await settled()
  expect(world.told()).toEqual(['debug: again', AWAY])
  world.close()
  await settled()
  expect([world.told(), world.pending]).toEqual([[], 0])
})

test('another server that refuses a connection is told as ever', async () => {
  const world = openWorld()
  world.log.warn({ err: new Error('the carrier', { cause: gone('ECONNREFUSED') }) }, 'the carrier could not be asked')
  world.log.info('other news')
  await settled()
  expect(world.told()).toEqual(['debug: other news', 'warn: the carrier could not be asked'])
})
