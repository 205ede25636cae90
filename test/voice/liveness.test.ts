import fc from 'fast-check'
import { expect, test } from 'vitest'
import type { ToolResult } from '../../runtime/voice/port.ts'
import { asksOf, fairEngine, speakAll } from './fair.ts'
import { goodbye } from './sandbox-call.ts'
import { converse } from './scripted.ts'

const making = fc.record({
  beginsMs: fc.integer({ min: 0, max: 800 }),
  speaksMs: fc.integer({ min: 0, max: 1_500 }),
  audioMs: fc.oneof(fc.constant(0), fc.integer({ min: 200, max: 6_000 })),
  endsMs: fc.integer({ min: 0, max: 1_500 }),
  tool: fc.constantFrom('', '', '', 'save', 'slow', 'throw', 'end'),
  saysAudioDone: fc.boolean(),
  fails: fc.nat(9).map((chance) => chance === 0),
})
const lengths = { afterMs: fc.integer({ min: 0, max: 4_000 }), lengthMs: fc.integer({ min: 200, max: 2_500 }) }
const wordsMs = fc.option(fc.integer({ min: 20, max: 1_500 }), { freq: 8 })
const utterance = fc.record({
  ...{ ...lengths, wordsMs },
  words: fc.constantFrom('What does it cost?', 'Mhm.', 'No, wait.', '(coughing)', 'Bye, thanks.', null),
})
/** Long enough to be meant where its words never come. */
const question = fc.record({
  ...{ afterMs: lengths.afterMs, lengthMs: fc.integer({ min: 600, max: 2_500 }), wordsMs },
  words: fc.constant('And what does it cost in May?'),
})

test('whoever spoke last, or pressed a key, is answered, or the call ends, whatever came before', async () => {
  const story = fc.record({
    plan: fc.array(making, { minLength: 1, maxLength: 8 }),
    before: fc.array(utterance, { maxLength: 4 }),
    last: question,
    lossesMs: fc.array(fc.integer({ min: 0, max: 20_000 }), { maxLength: 2 }),
    interruptible: fc.boolean(),
    /** A key is pressed so long after the last words. */
    keyMs: fc.option(fc.integer({ min: 0, max: 4_000 })),
  })
  await fc.assert(
    fc.asyncProperty(story, async ({ plan, before, last, lossesMs, interruptible, keyMs }) => {
      const talk = converse({
        conversation: { greetingInterruptible: interruptible, idleSeconds: 600, maxDurationSeconds: 3_600 },
        tool: (name) => {
          if (name === 'throw') return Promise.reject(new Error('no'))
          const result: ToolResult = name === 'end' ? goodbye({}) : { output: {} }
          return new Promise((resolve) =>
            talk.time.clock.setTimeout(() => resolve(result), name === 'slow' ? 2_000 : 10),
          )
        },
      })
      const engine = fairEngine(talk, [...plan, { ...plan[0]!, fails: false, audioMs: 1_000, tool: '' }], lossesMs)
      // After the "hello" with which somebody picks up.
      const all = [{ ...last, afterMs: 2_000 }, ...before, last]
      let { pass, saidAtMs, askedBefore, greeted } = await speakAll(talk, engine, all)
      if (keyMs !== null) {
        await pass(keyMs)
        if (talk.ended.length === 0) talk.digit('4')
        saidAtMs = talk.time.monotonic()
        // A key takes no goodbye back.
        askedBefore = null
        greeted = true
      }
      await pass(60_000)
      const answer = talk.turns.findLast(({ role }) => role === 'agent')
      const [end] = talk.ended
      if (!greeted && last.wordsMs === null) return
      if (!end) expect(answer?.atMs).toBeGreaterThanOrEqual(saidAtMs - 20)
      // Also where the call was about to end, the model is asked for more; what it makes of that is its own.
      else if (askedBefore !== null && end.by === 'agent') expect(asksOf(talk)).toBeGreaterThan(askedBefore)
    }),
    { numRuns: 250 },
  )
}, 120_000)
