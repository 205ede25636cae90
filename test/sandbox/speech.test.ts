import { afterAll, expect, test } from 'vitest'
import { createSpeech, sentences } from '../../runtime/sandbox/speech/speech.ts'
import { speechDir } from '../harness/cache.ts'

const speech = createSpeech(speechDir)
afterAll(() => speech.close())

const budget = 'What is your budget?'
const stop = 'Please stop calling me and take me off your list.'

test('audio comes in whole frames, and the two voices differ', async () => {
  const agent = await speech.say('agent', budget)
  const person = await speech.say('person', budget)
  expect(agent.length % 160).toBe(0)
  expect(agent.length).toBeGreaterThan(5000)
  expect(agent.equals(person)).toBe(false)
})

test('what was rendered is recognised, alone and after something else', async () => {
  const [one, two] = await Promise.all([speech.say('agent', budget), speech.say('person', stop)])
  expect(speech.recognize(two)).toBe(stop)
  expect(speech.recognize(Buffer.concat([two, Buffer.alloc(3200, 0xff), one]))).toBe(`${stop} ${budget}`)
})

test('clipped edges cost no words; a real cut costs the words that were cut', async () => {
  const audio = await speech.say('person', stop)
  expect(speech.recognize(audio.subarray(1120, audio.length - 1120))).toBe(stop)
  expect(speech.recognize(audio.subarray(0, Math.floor(audio.length / 320) * 160))).toMatch(
    /^Please stop calling me( and)?$/,
  )
})

test('a line that ran dry in the middle of a word costs no word', async () => {
  const phrase = 'I am sorry, it must be one of: Twin room, or Suite.'
  const audio = await speech.say('agent', phrase)
  const dry = (frames: number) => Buffer.alloc(frames * 160, 0xff)
  for (let at = 160; at < audio.length; at += 160) {
    for (const frames of [1, 4, 20]) {
      const heard = Buffer.concat([audio.subarray(0, at), dry(frames), audio.subarray(at)])
      expect([at, frames, speech.recognize(heard)]).toEqual([at, frames, phrase])
    }
  }
  const pieces = Array.from({ length: Math.ceil(audio.length / 2400) }, (_, i) =>
    audio.subarray(i * 2400, (i + 1) * 2400),
  )
  expect(speech.recognize(Buffer.concat(pieces.flatMap((piece) => [piece, dry(2)])))).toBe(phrase)
  // Said twice it is two sentences, and what was lost on the way was not heard.
  expect(speech.recognize(Buffer.concat([audio, dry(20), audio]))).toBe(`${phrase} ${phrase}`)
  const lost = Buffer.concat([audio.subarray(0, 8000), audio.subarray(audio.length - 8000)])
  expect(speech.recognize(lost)).toMatch(/^I am sorry,.* Suite\.$/)
  expect(speech.recognize(lost)).not.toContain('must')
})

test('frames cut elsewhere are found again; other sound is inaudible; silence is nothing', async () => {
  const audio = await speech.say('person', stop)
  expect(speech.recognize(audio.subarray(77))).toBe(stop)
  // Coded anew on the way, it is as loud and as quiet as before.
  expect(speech.recognize(Buffer.from(audio).map((byte) => byte ^ 1) as Buffer)).toBe(stop)
  expect(speech.recognize(Buffer.from(audio).reverse() as Buffer)).toBe('(inaudible)')
  expect(speech.recognize(Buffer.alloc(8000, 0xff))).toBe('')
})

test('rendering is the same on every machine and every time', async () => {
  const fresh = createSpeech()
  expect((await fresh.say('person', stop)).equals(await speech.say('person', stop))).toBe(true)
  await fresh.close()
  await expect(fresh.say('person', 'After the close.')).rejects.toThrow('closed')
})

test('words that the voice cannot read are told apart, however short', async () => {
  for (const text of ['صيانة', '見積もり', 'تركيب', 'ремонт', 'монтаж', 'ご用件は何ですか？', 'お名前は何ですか？']) {
    expect(speech.recognize(await speech.say('person', text))).toBe(text)
  }
})

test('a text is said sentence by sentence', () => {
  expect(sentences('Hello there. It costs 10.30 dollars! All right? “Fine.” Bye')).toEqual([
    ...['Hello there.', 'It costs 10.30 dollars!', 'All right?', '“Fine.”', 'Bye'],
  ])
  expect(sentences('')).toEqual([])
  expect(sentences('word '.repeat(300)).every((part) => part.length <= 400)).toBe(true)
})
