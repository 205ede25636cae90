/** Words that mean "I am listening", in the languages we guard (en, tr, de, es, fr). */
const backchannels = new Set(
  (
    'yeah yes yep ok okay uh huh uhhuh mhm mm hmm right sure alright oh ah aha great perfect exactly absolutely nice cool good ' +
    'evet tamam peki tabii tabi aynen hı hıhı hıı he hee süper harika güzel ' +
    'ja jo genau gut klar verstehe super perfekt prima ' +
    "sí si vale claro bueno entiendo perfecto exacto genial oui ouais d'accord bien parfait exactement"
  ).split(' '),
)

/** Words of parting and of thanks, in the same languages; one of them is in whatever lets a call end. */
const partings = new Set(
  (
    'bye goodbye thanks thank cheers later day evening weekend night ' +
    'teşekkürler teşekkür sağol sağolun hoşça hoşçakal hoşçakalın görüşürüz güle günler akşamlar geceler görüşmek gelsin ' +
    'tschüss tschüß ciao wiedersehen wiederhören danke dank schönen ' +
    'adiós adios gracias luego noches día igualmente revoir merci bientôt journée soirée'
  ).split(' '),
)
/** What stands beside them. */
const courtesies = new Set(
  (
    "you too see ya have a an nice good great take care no nope that's that is all so very much for your time " +
    'perfect great sounds alright then now calling ' +
    'ederim sağ olun kalın iyi çok üzere hayır yok size de kolay ' +
    'auf vielen schön guten einen tag abend noch ihnen auch bis bald dann nein super perfekt ' +
    'muchas hasta pronto que tenga un buen buenas tardes perfecto ' +
    'au beaucoup bonne à également non vous aussi parfait de rien'
  ).split(' '),
)

/** Wishes without any of the words of parting. */
const partingPhrases = new Set([
  'you too',
  'same to you',
  'take care',
  'have a good one',
  'you take care',
  'de nada',
  'de rien',
  'ebenso',
  'gleichfalls',
])

/** As a transcription may write it, by the language that it takes the words for. */
const questionMark = /[?？؟՞\u037e]/

/** What a transcription writes for sounds that are no words: `(coughing)`, `[noise]`, `*sighs*`. */
const noises = /\([^)]*\)|\[[^\]]*\]|\*[^*]*\*/g

/** The words of a transcript, in lower case by the rules of Turkish and of the rest. */
function wordsOf(text: string): Word[] {
  const words =
    text
      .normalize('NFC')
      .replace(noises, ' ')
      .replaceAll('’', "'")
      .match(/[\p{L}\p{M}\p{N}']+/gu) ?? []
  return words.map((word) => ({ tr: word.toLocaleLowerCase('tr'), plain: word.toLowerCase() }))
}

/** How many words were said; sounds are none. */
export const wordCount = (text: string): number => wordsOf(text).length

interface Word {
  tr: string
  plain: string
}

const isIn = (set: Set<string>) => (word: Word) => set.has(word.tr) || set.has(word.plain)

/** Said more often than twice, they ask whether anybody is there. */
const greetings = new Set('hello hi hey alo efendim merhaba hallo hola allô allo'.split(' '))
/** The same in two words. */
const backchannelPhrases = [
  ...['i see', 'got it', 'of course', 'i know', 'all right', 'sounds good', 'sounds great', 'no problem'],
  ...[
    'je vois',
    'très bien',
    'bien sûr',
    'ach so',
    'alles klar',
    'sehr gut',
    'ya veo',
    'muy bien',
    'de acuerdo',
    'çok iyi',
  ],
]
const longestBackchannel = 5
const longestHello = 5

/** True for nothing at all and for a few words that only keep the line warm. Whether they answer a question is not for us. */
export function isBackchannel(text: string): boolean {
  const words = wordsOf(text)
  if (words.length <= longestBackchannel && withoutPhrases(words).every(isIn(backchannels))) return true
  return words.length <= 2 && words.every((word) => isIn(backchannels)(word) || isIn(greetings)(word))
}

const isPhraseAt = (words: Word[], at: number) =>
  backchannelPhrases.includes(`${words[at]?.plain} ${words[at + 1]?.plain}`)

/** What is left beside the back-channels of two words. */
const withoutPhrases = (words: Word[]): Word[] =>
  words.filter((_, at) => !isPhraseAt(words, at) && !isPhraseAt(words, at - 1))

/** True for what somebody says who picks up: a short "hello", with a name perhaps, or next to nothing. Anything else was said to us. */
export function isOpening(text: string): boolean {
  const words = wordsOf(text)
  return words.length < 3 || isBackchannel(text) || (words.length <= longestHello && words.some(isIn(greetings)))
}

/**
 * True where the caller only agrees with a goodbye or says theirs: nothing at all, a back-channel, words of parting and thanks.
 * Of somebody who was `silent`, and is heard after all, a back-channel is a sign of life.
 */
export function agreesToEnd(text: string, silent: boolean): boolean {
  const words = wordsOf(text)
  const isParting = isIn(partings)
  const isPolite = (word: Word) => isIn(courtesies)(word) || isIn(backchannels)(word)
  if (words.length === 0 || (!silent && isBackchannel(text))) return true
  if (partingPhrases.has(words.map(({ plain }) => plain).join(' '))) return true
  return !questionMark.test(text) && words.some(isParting) && words.every((word) => isParting(word) || isPolite(word))
}

/** True where two thirds of the words of `text` are among those of `said`, or where it has none: an echo is transcribed as what we said. */
export function repeats(text: string, said: string): boolean {
  const ours = new Set(wordsOf(said).map(({ plain }) => plain))
  const words = wordsOf(text)
  return words.filter(({ plain }) => ours.has(plain)).length * 3 >= words.length * 2
}
