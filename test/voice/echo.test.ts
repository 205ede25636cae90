import fc from 'fast-check'
import { afterAll, expect, test } from 'vitest'
import { createSpeech } from '../../runtime/sandbox/speech/speech.ts'
import { createEcho } from '../../runtime/voice/echo.ts'
import { createInterruptions } from '../../runtime/voice/interruptions.ts'
import { loudness } from '../../runtime/voice/mulaw.ts'
import { speechDir } from '../harness/cache.ts'

const speech = createSpeech(speechDir)
afterAll(() => speech.close())

const levelsOf = (audio: Buffer) =>
  Array.from({ length: audio.length / 160 }, (_, i) => loudness(audio.subarray(i * 160, (i + 1) * 160)))

const AGENT =
  'Hi, this is Talkif, an AI assistant calling on behalf of Helena Education. You just left your details on our website. Got a moment?'
const PERSON = 'Sorry to interrupt, but how long is this going to take? I would like to ask about pricing first.'

/** Plays both sides frame by frame; of the caller's voiced frames, how many were taken for an echo, and after how many. */
function listen(ours: number[], theirs: (at: number) => number) {
  const echo = createEcho()
  const flagged: boolean[] = []
  for (let at = 0; at < ours.length; at += 1) {
    echo.played(ours[at]!, at * 20)
    const level = theirs(at)
    const isEcho = echo.heard(level, at * 20)
    if (level >= 400) flagged.push(isEcho)
  }
  return { share: flagged.filter(Boolean).length / Math.max(1, flagged.length), first: flagged.indexOf(true), flagged }
}

test('our own voice is known again, late and quiet as it may return, within 300 ms of it', async () => {
  const ours = levelsOf(await speech.say('agent', AGENT)).slice(0, 220)
  fc.assert(
    fc.property(
      fc.integer({ min: 2, max: 25 }),
      fc.double({ min: 0.15, max: 1, noNaN: true }),
      fc.integer({ min: 1, max: 10_000 }),
      (lag, gain, seed) => {
        const { first, flagged } = listen(ours, (at) => (ours[at - lag] ?? 0) * gain * (1 + Math.sin(at * seed) / 10))
        expect(first).toBeGreaterThanOrEqual(0)
        expect(first).toBeLessThanOrEqual(15)
        const known = flagged.slice(first)
        expect(known.filter(Boolean).length / known.length).toBeGreaterThan(0.9)
      },
    ),
    { numRuns: 10_000 },
  )
})

test('somebody else is not, whenever they speak over us, with or without an echo of ours below them', async () => {
  const ours = levelsOf(await speech.say('agent', AGENT))
  const theirs = levelsOf(await speech.say('person', PERSON))
  const shares: number[] = []
  for (let from = 0; from + theirs.length < ours.length; from += 3) {
    for (const gain of [0, 0.2]) {
      const said = (at: number) => (theirs[at - from] ?? 0) + (ours[at - 8] ?? 0) * gain
      const echo = createEcho()
      let voiced = 0
      let taken = 0
      for (let at = 0; at < from + theirs.length; at += 1) {
        echo.played(ours[at]!, at * 20)
        const isEcho = echo.heard(said(at), at * 20)
        if (at < from || (theirs[at - from] ?? 0) < 400) continue
        voiced += 1
        if (isEcho) taken += 1
      }
      shares.push(taken / voiced)
    }
  }
  expect(shares.length).toBeGreaterThan(20)
  expect(Math.max(...shares)).toBeLessThan(0.25)
})

test('an even tone on both sides tells nothing', () => {
  expect(listen(Array(200).fill(5_000), () => 2_000).share).toBe(0)
})

test('what was cleared is not waited for', () => {
  const echo = createEcho()
  const levels = Array.from({ length: 60 }, (_, i) => 1_000 + ((i * 7919) % 13) * 800)
  for (const [at, level] of levels.entries()) echo.played(level, at * 20)
  echo.cut(0)
  expect(levels.map((level, at) => echo.heard(level / 2, at * 20)).some(Boolean)).toBe(false)
})

test('who was speaking before our greeting, and goes on over it, cuts it, whatever is taken for an echo meanwhile', async () => {
  const ours = levelsOf(await speech.say('agent', AGENT))
  const theirs = levelsOf(await speech.say('person', PERSON))
  const afterMs: number[] = []
  for (let from = 10; from + 150 < theirs.length; from += 1) {
    const echo = createEcho()
    const interruptions = createInterruptions()
    interruptions.started(0, false)
    let cutAt = Number.POSITIVE_INFINITY
    for (const [at, level] of theirs.entries()) {
      const greets = at >= from
      if (greets) echo.played(ours[at - from]!, at * 20)
      interruptions.frame(level, at * 20, echo.heard(level, at * 20))
      if (interruptions.due({ audible: greets, interruptible: greets, patient: false })) cutAt = at
    }
    afterMs.push((cutAt - from) * 20)
  }
  expect(afterMs.length).toBeGreaterThan(50)
  expect(Math.max(...afterMs)).toBeLessThan(3_000)
})
