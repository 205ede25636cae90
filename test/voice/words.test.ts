import { expect, test } from 'vitest'
import { agreesToEnd, isBackchannel, isOpening } from '../../runtime/voice/words.ts'

test.each([
  ...[
    '',
    '(coughing)',
    'Okay.',
    'Mhm.',
    'Bye!',
    'Thanks, bye.',
    'No, thank you very much, have a nice day!',
    'See you later.',
  ],
  ...[
    'Teşekkür ederim, iyi günler.',
    'Tamam, görüşürüz.',
    'Vielen Dank, tschüss!',
    'Schönen Tag noch!',
    'Auf Wiederhören.',
  ],
  ...['Muchas gracias, adiós.', 'Que tenga un buen día.', 'Merci beaucoup, au revoir.', 'Bonne journée !'],
])('a goodbye that is answered with %j may end the call', (text) => {
  expect(agreesToEnd(text, false)).toBe(true)
})

test.each([
  ...[
    'Wait, one question!',
    'No, stop.',
    'Is that all?',
    'Thanks, is that all?',
    'Will you do that?',
    'Thanks, and how much is it?',
    'Thanks, what day?',
  ],
  ...[
    'Bir dakika, fiyatı ne kadar?',
    'Moment, noch eine Frage.',
    'Espere, por favor.',
    'Attendez, encore une question.',
  ],
])('a goodbye that is answered with %j goes on as a conversation', (text) => {
  expect(agreesToEnd(text, false)).toBe(false)
  expect(agreesToEnd(text.replace('?', '？'), false)).toBe(false)
})

test('of somebody who was silent a "yes" is a sign of life; a parting is one still', () => {
  expect(agreesToEnd('Yes.', true)).toBe(false)
  expect(agreesToEnd('', true)).toBe(true)
  expect(agreesToEnd('Bye.', true)).toBe(true)
})

test.each([
  ...['', '(coughing)', 'Mhm.', 'Yeah, yeah, yeah.', 'Okay, okay, okay.', 'Mm-hmm, mm-hmm.', 'I see.', 'Got it.'],
  ...['Oh okay.', 'Of course.', 'Evet evet evet.', 'Hı hı, evet.', 'Ah ja.', 'Ach so.', 'Je vois.', 'Hello?'],
])('%j only keeps the line warm', (text) => {
  expect(isBackchannel(text)).toBe(true)
})

test.each(['Hello? Hello? Hello?', 'I see it.', 'Yes, but how much?', 'No.', 'Okay, stop.', 'Evet ama ne kadar?'])(
  '%j is meant',
  (text) => {
    expect(isBackchannel(text)).toBe(false)
  },
)

test.each([
  ...[
    'You too!',
    'Same to you.',
    'Take care.',
    'Perfect, thank you.',
    'Great, bye.',
    'Perfect, bye!',
    'Sounds good, bye.',
  ],
  ...['Alright then, bye-bye.', 'Thanks for calling, bye.', 'Bye now.', 'Ciao ciao.', 'Super, danke, tschüss.'],
  ...['Görüşmek üzere.', 'Kolay gelsin.', 'İyi günler.', 'Igualmente.', 'Perfecto, gracias.', 'Parfait, merci.'],
  ...['De rien, au revoir.', 'No, that’s all, thanks.'],
])('%j over a goodbye lets the call end', (text) => {
  expect(agreesToEnd(text, false)).toBe(true)
})

test.each(['Hello?', 'Hi, this is Maria speaking.', 'Efendim, buyurun.', 'D’accord.', 'Maria Lopez.'])(
  '%j is how somebody picks up',
  (text) => {
    expect(isOpening(text)).toBe(true)
  },
)

test.each([
  'Hello? This is not a good time, I am driving.',
  'You have the wrong number.',
  'Wrong number, no Maria here.',
  'Beni bir daha aramayın.',
])('%j is said to us, however early', (text) => {
  expect(isOpening(text)).toBe(false)
})

test.each([
  'Okay, great.',
  'All right.',
  'Sounds good.',
  'Perfect.',
  'Exactly.',
  'Okay, süper.',
  'Alles klar.',
  'Perfecto.',
  'Parfait.',
  'Très bien.',
])('%j over the agent is a back-channel', (text) => {
  expect(isBackchannel(text)).toBe(true)
})

test.each([
  'Great.',
  'Perfect.',
  'Sounds good.',
  'All right.',
  'Have a good one.',
  'Super.',
  'Perfekt.',
  'Perfecto.',
  'Parfait.',
])('%j over a goodbye agrees with it', (text) => {
  expect(agreesToEnd(text, false)).toBe(true)
})
