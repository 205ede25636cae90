import fc from 'fast-check'
import { expect, test } from 'vitest'
import { type Ask, createTurns } from '../../runtime/voice/turns.ts'

/** A server with one response at a time, as strict as the real one. */
function server(first?: Ask) {
  const log: string[] = []
  let pending = first ? 1 : 0
  let active: string | null = null
  let made = 0
  let away = false
  const turns = createTurns(
    {
      createResponse: (ask) => {
        expect(away).toBe(false)
        expect(pending).toBe(0)
        pending += 1
        log.push(ask.kind)
      },
      cancelResponse: (response) => log.push(`cancel ${response}`),
    },
    first,
  )
  return {
    turns,
    log,
    created() {
      if (pending === 0 || active) return
      pending = 0
      made += 1
      active = `r${made}`
      turns.created(active)
    },
    done() {
      if (!active) return
      const response = active
      active = null
      turns.done(response)
    },
    refused(busy: boolean) {
      if (pending === 0 || active) return
      pending = 0
      if (busy) active = 'foreign'
      turns.refused(busy)
    },
    lost() {
      away = true
      pending = 0
      active = null
      turns.suspend((ask) => ask)
    },
    back() {
      away = false
      turns.resume()
    },
    get active() {
      return active
    },
    get pending() {
      return pending
    },
  }
}

const reply: Ask = { kind: 'reply' }

test('an ask made while a response is active is sent when that one is over, once', () => {
  const { turns, log, created, done } = server()
  turns.ask(reply)
  created()
  turns.ask(reply)
  turns.ask(reply)
  expect(log).toEqual(['reply'])
  done()
  expect(log).toEqual(['reply', 'reply'])
  created()
  done()
  expect(turns.busy).toBe(false)
})

test('a cut before the response was created cancels it as soon as it is', () => {
  const { turns, log, created } = server({ kind: 'greeting' })
  turns.cut()
  turns.ask(reply)
  created()
  expect(log).toEqual(['cancel r1'])
  expect(turns.isLive('r1')).toBe(false)
})

test('a response that the server began by itself is cancelled', () => {
  const { turns, log } = server()
  turns.created('uninvited')
  expect(log).toEqual(['cancel uninvited'])
  expect(turns.isLive('uninvited')).toBe(false)
})

test('an ask that met an unknown active response is sent again when that one is over', () => {
  const { turns, log, refused, done } = server()
  turns.ask(reply)
  refused(true)
  done()
  expect(log).toEqual(['reply', 'reply'])
})

test('what a lost session was making, and what is wanted meanwhile, is asked for once there is another; a reply once', () => {
  const { turns, log, created, lost, back } = server()
  turns.ask(reply)
  created()
  lost()
  turns.ask(reply)
  turns.ask({ kind: 'goodbye' })
  expect(log).toEqual(['reply'])
  back()
  created()
  turns.done('r2')
  expect(log).toEqual(['reply', 'reply', 'goodbye'])
})

test('what is not to be asked for at once counts, and waits with all that is wanted meanwhile', () => {
  const { turns, log, created, done, back } = server()
  turns.postpone({ kind: 'goodbye' })
  turns.ask(reply)
  expect(log).toEqual([])
  expect(turns.busy).toBe(true)
  back()
  created()
  done()
  expect(log).toEqual(['goodbye', 'reply'])
})

test('what was cut is not asked for again', () => {
  const { turns, log, created, lost, back } = server()
  turns.ask(reply)
  created()
  turns.cut()
  lost()
  back()
  expect(log).toEqual(['reply', 'cancel r1'])
  expect(turns.busy).toBe(false)
})

const step = fc.constantFrom(
  'ask',
  'goodbye',
  'postpone',
  'created',
  'done',
  'cut',
  'refused',
  'busy',
  'lost',
  'back' as const,
)

test('in any order of events: never two asks in flight, nothing of a cut response is live, the machine always comes to rest', () => {
  fc.assert(
    fc.property(fc.array(step, { maxLength: 200 }), (script) => {
      const line = server({ kind: 'greeting' })
      const cut = new Set<string>()
      for (const event of script) {
        if (event === 'ask') line.turns.ask(reply)
        if (event === 'goodbye') line.turns.ask({ kind: 'goodbye' })
        if (event === 'postpone') line.turns.postpone(reply)
        if (event === 'created') line.created()
        if (event === 'done') line.done()
        if (event === 'refused') line.refused(false)
        if (event === 'busy') line.refused(true)
        if (event === 'lost') {
          const unfinished = line.turns.active
          line.lost()
          expect(line.turns.active).toBe(null)
          if (unfinished) expect(line.turns.busy).toBe(true)
        }
        if (event === 'back') line.back()
        if (event === 'cut') {
          if (line.active) cut.add(line.active)
          line.turns.cut()
        }
        if (line.active && cut.has(line.active)) expect(line.turns.isLive(line.active)).toBe(false)
      }
      line.back()
      for (let i = 0; i < 20 && line.turns.busy; i += 1) {
        line.created()
        line.done()
      }
      expect(line.turns.busy).toBe(false)
    }),
    { numRuns: 10_000 },
  )
})
