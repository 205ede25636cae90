import { expect, test } from 'vitest'
import { unmet } from '../../cli/simulate/judge.ts'
import type { Call } from '../../openapi/schemas/call.ts'

const turn = (text: string) => ({ role: 'agent', text }) as NonNullable<Call['transcript']>[number]
const call = {
  ...{ metrics: {}, attempts: [], answers: {}, booking: null },
  transcript: ['Hello.', 'One moment, please.', 'When?', 'Bir saniye lütfen.', 'Goodbye.'].map(turn),
} as unknown as Call

test('lines that only bridge a wait are no turns, and nothing that was said: how many there are tells of the machine', () => {
  expect(unmet({ max_turns: 3, not_said: ['moment', 'saniye'] }, call, [])).toEqual([])
  expect(unmet({ max_turns: 2 }, call, [])).toEqual([{ what: 'max_turns', expected: '2', came: '3' }])
})

test('capital letters make no difference, not even those of Turkish', () => {
  const said = (text: string) => ({ ...call, transcript: [turn(text)] }) as Call
  const speech = said('İngilizce kursumuz IŞIK Okulu’nda.')
  expect(unmet({ said: ['ingilizce', 'ışık okulu', 'KURSUMUZ'] }, speech, [])).toEqual([])
  expect(unmet({ not_said: 'ingilizce' }, speech, [])).toMatchObject([{ what: 'not_said' }])
  expect(unmet({ said: 'İNGİLİZCE' }, said('ingilizce'), [])).toEqual([])
  const answered = { ...call, answers: { ders: 'İspanyolca' } } as Call
  expect(unmet({ answers: { ders: 'ispanyolca' } }, answered, [])).toEqual([])
})
