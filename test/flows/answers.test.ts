import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { disqualifies, readAnswer } from '../../flows/language/answers.ts'
import type { FlowSlot } from '../../openapi/schemas/flow-document.ts'

const slot = (type: FlowSlot['type'], options: string[] = [], disqualify_if: string[] = []): FlowSlot => ({
  ...{ name: 'it', question: null, required: true },
  ...{ type, options, disqualify_if },
})
/** The answer, or null where it has to be asked again. */
const read = (given: FlowSlot, said: unknown) => {
  const answer = readAnswer(given, said)
  return 'value' in answer ? answer.value : null
}

test.each([
  ['500 euro', '500'],
  ['1.500,50 €', '1500.5'],
  ['$1,500.50', '1500.5'],
  ['1 500', '1500'],
  ['2k', '2000'],
  ['3 milyon', '3000000'],
  [1.234, '1.234'],
  ['-3', '-3'],
  ['500-1000', null],
  ['ten or so', null],
  ['1e3', null],
  ['80m2', null],
])('%j is the number %j', (said, value) => expect(read(slot('number'), said)).toBe(value))

test.each([
  ['Evet.', 'yes'],
  ['HAYIR', 'no'],
  ['Ja, genau', 'yes'],
  ['Nein', 'no'],
  ['Sí, claro', 'yes'],
  ['oui', 'yes'],
  ['Non merci', 'no'],
  [true, 'yes'],
  ['yes and no', null],
  ['perhaps', null],
])('%j is %j', (said, value) => expect(read(slot('yes_no'), said)).toBe(value))

describe('a yes or no is what was meant, not the first word of one', () => {
  const meant: Record<string, { yes: string[]; no: string[]; unclear: string[] }> = {
    en: {
      yes: [
        'No problem, I will be there',
        'No worries',
        "That's not a problem.",
        'Sure, why not',
        "I can't say no to that",
      ],
      no: ['No.', 'No, there is a problem', "That's not correct", 'that is not true', 'Sure not', 'Nope, no way'],
      unclear: [
        "I'm not sure",
        'not really sure',
        'No idea',
        'I have no preference',
        'No, no problem',
        'Well, yes and no',
      ],
    },
    tr: {
      yes: ['Sorun yok, gelirim', 'Sorun değil.', 'Sıkıntı yok', 'Neden olmasın?', 'Tabii ki', 'İtirazım yok'],
      no: ['Yok', 'Olmaz, sorun var', 'Tabii ki hayır', 'Bu doğru değil', 'Vaktim yok'],
      unclear: ['Hiç fikrim yok', 'Olur mu?', 'Olmaz mı?', 'bilmiyorum'],
    },
    de: {
      yes: [
        'Kein Problem, ich komme',
        'Ja, kein Thema',
        'Warum nicht?',
        'Oh ja',
        'Na klar',
        'Ja, ich habe keine Haustiere',
      ],
      no: ['Natürlich nicht', 'Nein, das ist ein Problem', 'Nee'],
      unclear: ['Ich weiß ja nicht', 'Das ist mir nicht klar', 'Na ja', 'nicht so genau'],
    },
    es: {
      yes: [
        'No hay problema, allí estaré',
        'Sin problema',
        '¡Cómo no!',
        '¿Por qué no?',
        'Claro que sí',
        'Creo que si',
        'Si.',
      ],
      no: ['Claro que no', 'No es cierto', 'No, gracias', 'No puedo'],
      unclear: [
        'No sé',
        'No lo sé',
        'no estoy muy seguro',
        'No tengo ni idea',
        'Depende si puedo',
        'No le oigo',
        'Sí y no',
      ],
    },
    fr: {
      yes: ['Pas de problème, je serai là', 'Sans souci', 'Pourquoi pas ?', 'Mais si !', 'Aucun problème'],
      no: ["Ce n'est pas vrai", 'Non, il y a un problème', 'Nan'],
      unclear: ['Je ne sais pas si je peux', 'Oui et non'],
    },
  }
  const all = Object.entries(meant).flatMap(([language, { yes, no, unclear }]) => [
    ...yes.map((said) => [language, said, 'yes'] as const),
    ...no.map((said) => [language, said, 'no'] as const),
    ...unclear.map((said) => [language, said, null] as const),
  ])
  test.each(all)('%s: %j is %j', (_, said, value) => expect(read(slot('yes_no'), said)).toBe(value))

  test('where problems are asked for, "no problem" is asked again', () => {
    const asked = { ...slot('yes_no'), question: 'Have you had any problems with a visa?' }
    expect([read(asked, 'No problem'), read(asked, 'No problems so far'), read(asked, 'No')]).toEqual([
      null,
      null,
      'no',
    ])
    expect(read({ ...asked, question: 'Can you come on Monday?' }, 'No problem')).toBe('yes')
  })
})

test.each([
  ['2026-07-01', '2026-07-01'],
  ['1.7.2026', '2026-07-01'],
  ['13/04/2026', '2026-04-13'],
  ['July 1st, 2026', '2026-07-01'],
  ['1. Juli 2026', '2026-07-01'],
  ['1 Ağustos 2026', '2026-08-01'],
  ['15 août 2026', '2026-08-15'],
  ['1 de julio de 2026', '2026-07-01'],
  ['03/04/2026', null],
  ['31.02.2026', null],
  ['0000-01-01', null],
  ['1.1.0026', null],
  ['tomorrow', null],
])('%j is the date %j', (said, value) => expect(read(slot('date'), said)).toBe(value))

test('a choice is one of its options, as the flow writes it', () => {
  const plans = slot('choice', ['Free', 'Business', 'Pro+'])
  expect(['BUSINESS', 'the business plan', 'pro+', 'free or business', 'gold'].map((it) => read(plans, it))).toEqual([
    ...['Business', 'Business', 'Pro+'],
    ...[null, null],
  ])
})

test.each([
  [['< 5', '> 5'], '> 5', '> 5'],
  [['< 5', '> 5'], '5', null],
  [['C', 'C++', 'C#'], 'C#', 'C#'],
  [['C', 'C++', 'C#'], 'c#', 'C#'],
  [['C', 'C++', 'C#'], 'I write C#', null],
  [['€10', '$10'], '$10', '$10'],
  [['€10', '$10'], '10', null],
  [['A', 'A+', 'A-'], 'a-', 'A-'],
  [['A', 'A+', 'A-'], 'A', 'A'],
  [['İzmir', 'Izmir'], 'Izmir', 'Izmir'],
  [['İzmir', 'Izmir'], 'izmir', null],
  [['İzmir', 'Ankara'], 'izmir', 'İzmir'],
  [['Pro', 'Pro Max'], 'pro max!', 'Pro Max'],
  [['Pro', 'Pro Max'], 'The Pro Max, please.', 'Pro Max'],
  [['Interested', 'Not interested'], 'I am not interested.', 'Not interested'],
  [['Basic', 'Pro'], 'Not Basic but Pro', null],
  [['> 10', '5'], '< 10', null],
])('of the options %j, %j is %j', (options, said, value) => expect(read(slot('choice', options), said)).toBe(value))

test('whatever was said, what is kept has its one form', () => {
  const types = fc.constantFrom<FlowSlot['type']>('text', 'choice', 'number', 'yes_no', 'date')
  const said = fc.oneof(fc.string(), fc.double(), fc.integer().map(String), fc.boolean(), fc.constant(null))
  fc.assert(
    fc.property(types, said, (type, given) => {
      const one = slot(type, type === 'choice' ? ['yes', '12'] : [])
      const value = read(one, given)
      if (value === null) return
      // As text "1.234" may mean 1234: a number is read once.
      if (type === 'number') expect(value).toMatch(/^-?\d+(\.\d{1,6})?$/)
      else expect(read(one, value)).toBe(value)
    }),
    { numRuns: 500 },
  )
})

test('comparisons rule out what they say', () => {
  const number = (rule: string, value: string) => disqualifies(slot('number', [], [rule]), value)
  expect([number('< 500', '499.5'), number('< 500', '500'), number('<= 500', '500')]).toEqual([true, false, true])
  expect([number('> 5', '6'), number('>= 5', '5'), number('>= 5', '4')]).toEqual([true, true, false])
  expect(disqualifies(slot('yes_no', [], ['no']), 'no')).toBe(true)
  expect(disqualifies(slot('choice', ['a', 'b'], ['b']), 'a')).toBe(false)
})
