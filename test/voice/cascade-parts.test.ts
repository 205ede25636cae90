import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createHistory, type History } from '../../runtime/voice/cascade/history.ts'
import { createSentences } from '../../runtime/voice/cascade/sentences.ts'
import { createTelephone } from '../../runtime/voice/cascade/telephone.ts'
import { loudness } from '../../runtime/voice/mulaw.ts'

describe('speech on its way to a telephone', () => {
  const tone = (hertz: number, ms: number) => {
    const pcm = Buffer.alloc(ms * 48)
    for (let at = 0; at < ms * 24; at++)
      pcm.writeInt16LE(Math.round(10_000 * Math.sin((2 * Math.PI * hertz * at) / 24_000)), at * 2)
    return pcm
  }
  const whole = (pcm: Buffer, cuts: number[] = []) => {
    const telephone = createTelephone()
    const pieces: Buffer[] = []
    let from = 0
    for (const cut of [...cuts, pcm.length].toSorted((a, b) => a - b)) {
      pieces.push(telephone.push(pcm.subarray(from, cut)))
      from = Math.max(from, cut)
    }
    return Buffer.concat([...pieces, telephone.end()])
  }
  /** Of the middle, where no edge is heard. */
  const level = (audio: Buffer) => loudness(audio.subarray(400, -400))

  test.each([
    [300, 0.97],
    [1_000, 0.94],
    [3_000, 0.9],
  ])('a tone of %d Hz is kept', (hertz, kept) => {
    // The mean magnitude of a sine is 2/π of its peak.
    const loud = level(whole(tone(hertz, 400))) / (10_000 * (2 / Math.PI))
    expect(loud).toBeGreaterThan(kept)
    expect(loud).toBeLessThan(1.05)
  })

  test.each([4_500, 6_000, 7_000, 11_000])('a tone of %d Hz is gone, not folded back', (hertz) => {
    expect(level(whole(tone(hertz, 400)))).toBeLessThan(60)
  })

  test('as long as before, in whole frames', () => {
    expect(whole(tone(1_000, 200)).length).toBe(1_600)
    expect(whole(tone(1_000, 205)).length).toBe(1_760)
    expect(whole(Buffer.alloc(0)).length).toBe(0)
  })

  test('wherever it is cut, in the middle of a sample too, it sounds the same', () => {
    const pcm = tone(700, 60)
    const expected = whole(pcm)
    fc.assert(
      fc.property(fc.array(fc.nat(pcm.length), { maxLength: 12 }), (cuts) => {
        expect(whole(pcm, cuts).equals(expected)).toBe(true)
      }),
      { numRuns: 10_000 },
    )
  })
})

describe('sentences of a text that is still being written', () => {
  const read = (deltas: string[]) => {
    const sentences = createSentences()
    return [...deltas.flatMap((delta) => sentences.push(delta)), ...sentences.end()]
  }

  test.each([
    ['Thank you. When would you like to start?', ['Thank you.', 'When would you like to start?']],
    [
      'Yes. It costs 3.50 a month, or 40 a year. Is that fine?',
      ['Yes. It costs 3.50 a month, or 40 a year.', 'Is that fine?'],
    ],
    ['I asked Dr. Weber. He agrees.', ['I asked Dr. Weber.', 'He agrees.']],
    ['“Are you sure?” she asked. I am.', ['“Are you sure?”', 'she asked.', 'I am.']],
    ['ありがとうございます。いつ始めますか？', ['ありがとうございます。', 'いつ始めますか？']],
    [
      'I have looked at the calendar for you, and there are two times on Tuesday that would suit you. Which one?',
      [
        'I have looked at the calendar for you,',
        'and there are two times on Tuesday that would suit you.',
        'Which one?',
      ],
    ],
    ['', []],
    ['  ', []],
    ['🎉', []],
    ['That is booked! 🎉', ['That is booked!']],
    ['👋 Hi there 👩‍👩‍👧, welcome🎉back 👍🏽!', ['Hi there, welcome back!']],
    ['Call 1️⃣ for **sales**. Or `wait`.', ['Call 1 for sales.', 'Or wait.']],
    ['# Times\n\n* **10 a.m.** works\n* [Noon](https://a.example/b?c) works\n', ['Times\n\n10 a.m. works\nNoon works']],
    ['**That is good.** Really, _I mean it_.', ['That is good.', 'Really, I mean it.']],
    ['So: 2 * 3 - 1, and a_name.', ['So: 2 * 3 - 1, and a_name.']],
    ['| Day | Time |\n|---|---|\n| Tuesday | ten |\n---\n> - Fine.', ['Day Time \n\n Tuesday ten \n\nFine.']],
  ])('%j', (text, pieces) => {
    expect(read([...text])).toEqual(pieces)
    expect(read([text])).toEqual(pieces)
  })

  test('a text without an end is cut at its spaces, and at its letters without spaces', () => {
    expect(read(['word '.repeat(200)]).every((piece) => piece.length <= 300)).toBe(true)
    expect(read(['x'.repeat(1_000)]).map(({ length }) => length)).toEqual([300, 300, 300, 100])
  })

  test('whatever is written, however it comes: every word once, in order', () => {
    const word = fc.constantFrom(
      'Yes.',
      'no,',
      'Dr.',
      '3.5',
      'wait…',
      '“so?”',
      'и',
      'はい。',
      'a'.repeat(40),
      '\n',
      '!',
    )
    fc.assert(
      fc.property(
        fc.array(word, { maxLength: 60 }),
        fc.array(fc.integer({ min: 1, max: 30 }), { minLength: 1 }),
        (words, steps) => {
          const text = words.join(' ')
          const deltas: string[] = []
          for (let at = 0, step = 0; at < text.length; step++) {
            const length = steps[step % steps.length]!
            deltas.push(text.slice(at, at + length))
            at += length
          }
          // Marks alone are no piece.
          const squeezed = (some: string) => some.replace(/[^\p{L}\p{N}]+/gu, '')
          const pieces = read(deltas)
          expect(squeezed(pieces.join(' '))).toBe(squeezed(text))
          expect(pieces.every((piece) => piece.trim() === piece && /[\p{L}\p{N}]/u.test(piece))).toBe(true)
        },
      ),
      { numRuns: 10_000 },
    )
  })

  test('however it comes, no marks and no pictographs, and every word', () => {
    const part = fc.constantFrom(
      'word',
      'It is.',
      'Is it?',
      '**bold**',
      '_so_',
      '🎉',
      '👍🏽',
      '\n- one',
      '\n## Two',
      '`three`',
    )
    fc.assert(
      fc.property(fc.array(part, { maxLength: 40 }), fc.integer({ min: 1, max: 9 }), (parts, step) => {
        const text = parts.join(' ')
        const deltas = text.match(new RegExp(`[^]{1,${step}}`, 'g')) ?? []
        const said = read(deltas).join(' ')
        expect(said).not.toMatch(/[*_#`]|(^|\n)\s*-|\p{Extended_Pictographic}|\p{Emoji_Modifier}/u)
        const letters = (some: string) => some.replace(/[^\p{L}]/gu, '')
        expect(letters(said)).toBe(letters(text))
      }),
      { numRuns: 5_000 },
    )
  })
})

describe('a conversation as it was heard', () => {
  const say = (history: History, item: string, ...parts: [text: string, ms: number][]) => {
    for (const [text, ms] of parts) {
      history.agentSays(item, text)
      history.agentAudio(item, ms, true)
    }
  }
  const call = (callId: string) => ({ callId, name: 'save_answer', arguments: '{}' })
  const told = (history: History) => history.messages('Be kind.').slice(1)

  test('only what was heard was said: whole sentences, then words', () => {
    const history = createHistory()
    say(history, 'a', ['Thank you.', 800], ['When would you like to start?', 2_000])
    history.truncate('a', 1_900)
    expect(told(history)).toEqual([{ role: 'assistant', content: 'Thank you. When would you —' }])
    history.truncate('a', 300)
    expect(told(history)).toEqual([])
    say(history, 'b', ['Goodbye.', 700])
    history.remove('b')
    expect(told(history)).toEqual([])
  })

  test('of what broke off the words that had come were said', () => {
    const history = createHistory()
    history.agentSays('a', 'It costs a hundred.')
    history.agentAudio('a', 1_200, true)
    history.agentSays('a', 'There is a lot more to say about the fees of the school.')
    history.agentAudio('a', 1_000, false)
    history.broken('a')
    expect(history.messages('').at(-1)).toEqual({
      ...{ role: 'assistant', content: 'It costs a hundred. There is a lot —' },
    })
    history.agentSays('b', 'Whole.')
    history.agentAudio('b', 500, true)
    history.broken('b')
    // The next one never came.
    expect(history.messages('').at(-1)).toEqual({ role: 'assistant', content: 'Whole. —' })
  })

  test('results stand behind their calls, whatever was said between; a missing one is told as missing', () => {
    const history = createHistory()
    say(history, 'a', ['One moment.', 900])
    history.agentCalls('a', [call('1'), call('2')])
    history.leadSpoke('u')
    history.leadSaid('u', 'Hello?')
    history.output('2', '{"ok":true}')
    history.output('9', 'nobody asked')
    expect(told(history).map((message) => [message.role, message.content])).toEqual([
      ['assistant', 'One moment.'],
      ['tool', '{"error":"There is no result yet."}'],
      ['tool', '{"ok":true}'],
      ['user', 'Hello?'],
    ])
    history.remove('a')
    expect(told(history)[0]).toMatchObject({ role: 'assistant', content: null, tool_calls: [{ id: '1' }, { id: '2' }] })
  })

  test("the caller's words stand where they were said; what was not understood is told as such", () => {
    const history = createHistory()
    history.leadSpoke('u1')
    history.leadSpoke('u2')
    history.note('system', 'They pressed 1.')
    expect(history.awaited).toEqual(['u1', 'u2'])
    history.leadSaid('u2', '')
    // A long sentence may have its words after a short one.
    expect(history.awaited).toEqual(['u1'])
    history.giveUp(['u1'])
    expect(history.awaited).toEqual([])
    history.leadSaid('u1', ' First. ')
    history.leadSpoke('u3')
    history.remove('u3')
    history.leadSaid('u3', 'an echo')
    expect(told(history).map(({ content }) => content)).toEqual(['First.', '(inaudible)', 'They pressed 1.'])
  })

  test('an answer stands where it was asked for: what came while it was being made is news to the model', () => {
    const history = createHistory()
    history.leadSpoke('u')
    history.leadSaid('u', 'Is anybody free?')
    history.agentAnswers('a')
    history.note('system', '{"ringing":true}')
    expect(told(history).map(({ role }) => role)).toEqual(['user', 'system'])
    say(history, 'a', ['Let me see.', 800])
    expect(told(history).map(({ role }) => role)).toEqual(['user', 'assistant', 'system'])
    history.agentAnswers('b')
    history.leadSpoke('v')
    history.leadSaid('v', 'Hello?')
    history.agentCalls('b', [call('1')])
    history.output('1', '{}')
    expect(told(history).map(({ role }) => role)).toEqual(['user', 'assistant', 'system', 'assistant', 'tool', 'user'])
    history.agentAnswers('c')
    history.remove('c')
    say(history, 'd', ['Yes.', 300])
    expect(told(history).at(-1)).toEqual({ role: 'assistant', content: 'Yes.' })
  })

  test('begun anew, it is what was said', () => {
    const history = createHistory()
    say(history, 'a', ['Gone.', 500])
    history.agentCalls('a', [call('1')])
    history.replay([
      { role: 'agent', text: 'Got a', interrupted: true },
      { role: 'lead', text: 'Yes.', interrupted: false },
    ])
    expect(told(history)).toEqual([
      { role: 'assistant', content: 'Got a —' },
      { role: 'user', content: 'Yes.' },
    ])
  })

  test('in any order of events the model is given a conversation that it may be given', () => {
    const id = fc.constantFrom('a', 'b', 'c')
    const event = fc.oneof(
      fc.record({ do: fc.constant('says' as const), id, ms: fc.nat(4_000), whole: fc.boolean() }),
      fc.record({ do: fc.constant('calls' as const), id, calls: fc.array(fc.nat(99), { minLength: 1, maxLength: 3 }) }),
      fc.record({ do: fc.constant('output' as const), call: fc.nat(99) }),
      fc.record({ do: fc.constant('truncate' as const), id, ms: fc.nat(5_000) }),
      fc.record({ do: fc.constantFrom('remove', 'spoke', 'heard', 'note', 'replay', 'broken', 'answers'), id }),
    )
    fc.assert(
      fc.property(fc.array(event, { maxLength: 40 }), (events) => {
        const history = createHistory()
        let calls = 0
        for (const it of events) {
          if (it.do === 'says') {
            history.agentSays(it.id, 'Some words here.')
            history.agentAudio(it.id, it.ms, it.whole)
          } else if (it.do === 'calls')
            history.agentCalls(
              it.id,
              it.calls.map(() => call(String(calls++ % 100))),
            )
          else if (it.do === 'output') history.output(String(it.call), 'done')
          else if (it.do === 'truncate') history.truncate(it.id, it.ms)
          else if (it.do === 'remove') history.remove(it.id)
          else if (it.do === 'spoke') history.leadSpoke(it.id)
          else if (it.do === 'heard') history.leadSaid(it.id, 'words')
          else if (it.do === 'broken') history.broken(it.id)
          else if (it.do === 'answers') history.agentAnswers(it.id)
          else if (it.do === 'note') history.note('user', 'a key')
          else history.replay([{ role: 'lead', text: 'Yes.', interrupted: false }])
        }
        let open: string[] = []
        for (const [at, message] of history.messages('Be kind.').entries()) {
          expect(message.role === 'system').toBe(at === 0)
          if (message.role === 'tool') {
            expect(open).toContain(message.tool_call_id)
            open = open.filter((one) => one !== message.tool_call_id)
            continue
          }
          expect(open).toEqual([])
          if (message.role === 'assistant') {
            open = (message.tool_calls ?? []).map((one) => one.id)
            expect(open.length > 0 || message.content !== null).toBe(true)
          } else expect(message.content).not.toBe('')
        }
        expect(open).toEqual([])
      }),
      { numRuns: 10_000 },
    )
  })
})

test.each([
  'Would Tuesday at 10 a.m. or Wednesday at 3 p.m. work for you?',
  'You are booked for 3 p.m. on Tuesday.',
  'We work with U.S. companies, e.g. schools and clinics.',
])('%j is spoken in one breath', (text) => {
  const sentences = createSentences()
  const pieces = [...text].flatMap((letter) => sentences.push(letter))
  expect([...pieces, ...sentences.end()]).toEqual([text])
})
