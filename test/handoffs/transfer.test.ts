import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { TransferState } from '../../runtime/db/schema.ts'
import {
  beginTransfer,
  isFinished,
  replyTo,
  step,
  type TransferEvent,
  type TransferTask,
  tasksOf,
} from '../../runtime/handoffs/transfer.ts'

const after = (state: TransferState, ...events: TransferEvent[]) => events.reduce(step, state)
const rung = (leg: number): TransferEvent[] => [
  { type: 'asking', leg, at: 0 },
  { type: 'named', leg, carrierId: `CA${leg}` },
]
const pressed = (leg: number, digit = '1'): TransferEvent => ({ type: 'pressed', leg, digit })

test('in turn, the next is rung once the one before cannot accept any more', () => {
  const begun = beginTransfer(2, 'in_turn')
  expect(tasksOf(begun)).toEqual([{ do: 'ring', leg: 0 }])
  const first = after(begun, ...rung(0))
  expect(tasksOf(first)).toEqual([])
  expect(tasksOf(after(first, { type: 'ended', leg: 0, how: 'busy' }))).toEqual([{ do: 'ring', leg: 1 }])
  expect(tasksOf(after(first, { type: 'answered', leg: 0 }, pressed(0, '2')))).toEqual([{ do: 'ring', leg: 1 }])
})

test('all at once, the first key wins, and whoever listens to the brief is told', () => {
  const begun = beginTransfer(3, 'all_at_once')
  expect(tasksOf(begun).map((task) => task.do)).toEqual(['ring', 'ring', 'ring'])
  const ringing = after(begun, ...rung(0), ...rung(1), ...rung(2), { type: 'answered', leg: 0 })
  const won = after(ringing, pressed(1))
  expect(tasksOf(won)).toEqual([
    { do: 'send_away', leg: 0, carrierId: 'CA0', told: true },
    { do: 'send_away', leg: 2, carrierId: 'CA2', told: false },
    { do: 'move_lead' },
  ])
  const late = after(won, pressed(0))
  expect([replyTo(late, 1), replyTo(late, 0)]).toEqual(['join', 'too_late'])
  expect(after(late, { type: 'moving' }, { type: 'moved', met: true })).toMatchObject({
    ...{ phase: 'bridged', result: 'accepted' },
  })
})

describe('a lead who has been moved', () => {
  const moving = after(beginTransfer(1, 'in_turn'), ...rung(0), pressed(0), { type: 'moving' })
  const left: TransferEvent = { type: 'ended', leg: 0, how: 'completed' }

  test.each([
    ['first', [left, { type: 'moved', met: false }]],
    ['last', [{ type: 'moved', met: false }, left]],
  ] as [string, TransferEvent[]][])(
    'to where nobody is any more: it failed, that they had left told %s',
    (_, events) => {
      const alone = after(moving, ...events)
      expect(alone).toMatchObject({ phase: 'over', result: 'failed', legs: [{ result: 'failed' }] })
      expect(tasksOf(alone)).toContainEqual({ do: 'end_lead' })
    },
  )

  test.each([
    ['first', [left, { type: 'moved', met: true }]],
    ['last', [{ type: 'moved', met: true }, left]],
  ] as [string, TransferEvent[]][])('and has talked was handed over, that they have left told %s', (_, events) => {
    expect(after(moving, ...events)).toMatchObject({ phase: 'over', result: 'accepted' })
  })
})

test('a lead who cannot be moved stays with the agent, and the colleague is told', () => {
  const moving = after(beginTransfer(2, 'in_turn'), ...rung(0), pressed(0), { type: 'moving' })
  const failed = after(moving, { type: 'not_moved' })
  expect(failed).toMatchObject({ phase: 'over', lead: 'talking', result: 'failed' })
  expect(tasksOf(failed)).toEqual([{ do: 'send_away', leg: 0, carrierId: 'CA0', told: true }])
})

test('a colleague who accepts and hangs up before the lead comes makes room for the next', () => {
  const gone = after(beginTransfer(2, 'in_turn'), ...rung(0), pressed(0), { type: 'ended', leg: 0, how: 'completed' })
  expect(tasksOf(gone)).toEqual([{ do: 'ring', leg: 1 }])
})

test('whom somebody else was faster than, or the lead did not wait for, has not declined', () => {
  const begun = beginTransfer(3, 'all_at_once')
  const ringing = after(begun, ...rung(0), ...rung(1), ...rung(2), { type: 'answered', leg: 0 })
  const down: TransferEvent[] = [
    { type: 'sent_away', leg: 0 },
    { type: 'ended', leg: 0, how: 'completed' },
    { type: 'ended', leg: 2, how: 'canceled' },
  ]
  const resultsOf = ({ legs }: TransferState) => legs.map(({ result }) => result)
  const beaten = after(ringing, pressed(1), ...down)
  expect(resultsOf(beaten)).toEqual([null, 'accepted', null])
  expect(resultsOf(after(ringing, { type: 'lead_gone' }, ...down))).toEqual([null, null, null])
  // Nor do they hear that they have.
  expect(replyTo(after(beaten, pressed(0)), 0)).toBe('too_late')
  // What their own phone says of them stays true.
  expect(resultsOf(after(ringing, pressed(1), { type: 'ended', leg: 2, how: 'no_answer' }))[2]).toBe('no_answer')
  // And who was the first and hung up again leaves none of them to be blamed.
  expect(after(beaten, { type: 'ended', leg: 1, how: 'completed' })).toMatchObject({ phase: 'over', result: 'failed' })
})

test.each<[string, TransferEvent[], string]>([
  ['declined', [...rung(0), pressed(0, '9'), ...rung(1), { type: 'ended', leg: 1, how: 'no_answer' }], 'declined'],
  ['nobody', [...rung(0), pressed(0, ''), ...rung(1), { type: 'ended', leg: 1, how: 'no_answer' }], 'nobody'],
  [
    'failed',
    [
      { type: 'asking', leg: 0, at: 0 },
      { type: 'refused', leg: 0 },
      ...rung(1),
      { type: 'ended', leg: 1, how: 'failed' },
    ],
    'failed',
  ],
  ['abandoned', [...rung(0), { type: 'lead_gone' }], 'abandoned'],
])('the reason is known: %s', (_, events, result) => {
  expect(after(beginTransfer(2, 'in_turn'), ...events)).toMatchObject({ phase: 'over', result })
})

/** What a move of the world does; the second number chooses among what is there. */
const move = fc.tuple(fc.nat(9), fc.nat(1_000))
const runs = { numRuns: 10_000 }

test('whatever comes late, twice or in any order: one bridge at most, nobody rung twice, nobody left alone', () => {
  const plans = fc.record({
    targets: fc.integer({ min: 1, max: 3 }),
    order: fc.constantFrom('in_turn' as const, 'all_at_once' as const),
    moves: fc.array(move, { maxLength: 30 }),
  })
  fc.assert(
    fc.property(plans, ({ targets, order, moves }) => {
      const world = openWorld(targets, order)
      for (const [kind, choice] of moves) world.move(kind, choice)
      world.rest()
      const { lead, humans } = world
      const inRoom = humans.filter((human) => human.alive && human.inRoom)
      expect(inRoom.length).toBe(lead.alive && lead.inRoom ? 1 : 0)
      // Nobody was handed over who found an empty room, whatever was told first.
      if (world.state.result === 'accepted') expect(world.met).toBe(true)
      // Once everybody has hung up, nothing is left to be done.
      world.everybodyLeaves()
      expect(isFinished(world.state)).toBe(true)
      expect(world.state.result).not.toBe(null)
    }),
    runs,
  )
})

/** The carrier and the people, who know nothing of our states but what we ask of them. */
function openWorld(targets: number, order: TransferState['order']) {
  let state = beginTransfer(targets, order)
  let moves = 0
  /** Whether both were in the room at the same time. */
  let met = false
  const lead = { alive: true, inRoom: false }
  const humans = Array.from({ length: targets }, () => ({ rings: 0, alive: false, inRoom: false, leaving: false }))
  const news: TransferEvent[] = []

  const tell = (event: TransferEvent) => {
    state = step(state, event)
    const taken = humans.filter((human) => human.alive && human.inRoom)
    expect(taken.length).toBeLessThanOrEqual(1)
  }
  const hangUp = (leg: number) => {
    const human = humans[leg]!
    if (human.alive) news.push({ type: 'ended', leg, how: 'completed' })
    Object.assign(human, { alive: false, inRoom: false })
  }
  const endLead = () => {
    if (lead.alive) news.push({ type: 'lead_ended' })
    Object.assign(lead, { alive: false, inRoom: false })
  }
  const does: { [T in TransferTask['do']]: (task: Extract<TransferTask, { do: T }>, fails: boolean) => void } = {
    ring({ leg }, fails) {
      const before = state
      tell({ type: 'asking', leg, at: 0 })
      if (state === before) return
      const human = humans[leg]!
      human.rings += 1
      expect(human.rings).toBe(1)
      if (fails) return tell({ type: 'refused', leg })
      human.alive = true
      news.push({ type: 'named', leg, carrierId: `CA${leg}` }, { type: 'answered', leg })
    },
    send_away({ leg }) {
      hangUp(leg)
      tell({ type: 'sent_away', leg })
    },
    move_lead(_, fails) {
      const before = state
      tell({ type: 'moving' })
      if (state === before) return
      if (fails || !lead.alive) return tell({ type: 'not_moved' })
      moves += 1
      expect(moves).toBe(1)
      lead.inRoom = true
      met = humans.some((human) => human.alive && human.inRoom)
      news.push({ type: 'moved', met })
    },
    end_lead() {
      endLead()
      tell({ type: 'lead_ended' })
    },
  }
  const work = (task: TransferTask, fails: boolean) =>
    (does[task.do] as (task: TransferTask, fails: boolean) => void)(task, fails)
  const press = (leg: number, digit: string) => {
    const human = humans[leg]!
    if (!human.alive || human.inRoom || human.leaving) return
    tell({ type: 'named', leg, carrierId: `CA${leg}` })
    tell({ type: 'pressed', leg, digit })
    if (replyTo(state, leg) === 'join') human.inRoom = true
    else human.leaving = true
  }
  const one = <T>(list: T[], choice: number) => list[choice % list.length]
  const deliver = (choice: number, keep: boolean) => {
    const event = one(news, choice)
    if (event === undefined) return
    if (!keep) news.splice(choice % news.length, 1)
    tell(event)
  }

  return {
    lead,
    humans,
    get met() {
      return met
    },
    get state() {
      return state
    },
    move(kind: number, choice: number) {
      const leg = choice % targets
      const task = one(tasksOf(state), choice)
      if (kind <= 2) return task && work(task, false)
      if (kind === 3) return task && work(task, true)
      if (kind === 4) return deliver(choice, false)
      if (kind === 5) return deliver(choice, true)
      if (kind === 6) return press(leg, one(['1', '1', '1', '2', ''], choice >> 2)!)
      if (kind === 7) return hangUp(leg)
      if (kind === 8) return choice % 3 === 0 ? endLead() : tell({ type: 'gave_up', leg })
      if (choice % 4 === 0) tell({ type: 'lead_gone' })
    },
    rest,
    everybodyLeaves() {
      endLead()
      rest()
      for (const leg of humans.keys()) hangUp(leg)
      rest()
    },
  }

  /** All that was asked and told is done and heard. */
  function rest() {
    for (;;) {
      const task = tasksOf(state)[0]
      if (news.length > 0) deliver(0, false)
      else if (task) work(task, false)
      else return
    }
  }
}
