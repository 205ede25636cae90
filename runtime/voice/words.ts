/** Words that mean "I am listening", in the languages we guard (en, tr, de, es, fr). */
const backchannels = new Set(
  (
    'yeah yes yep ok okay uh huh uhhuh mhm mm hmm right sure hello hi hey alright ' +
    'evet tamam peki hı hıhı hıı he hee alo efendim merhaba ja jo genau gut aha hallo sí si vale claro bueno hola ' +
    "oui ouais d'accord bien allô allo"
  ).split(' '),
)

/** Words of parting and of thanks, in the same languages; one of them is in whatever lets a call end. */
const partings = new Set(
  (
    'bye goodbye thanks thank cheers later day evening weekend night ' +
    'teşekkürler teşekkür sağol sağolun hoşça hoşçakal hoşçakalın görüşürüz güle günler akşamlar geceler ' +
    'tschüss tschüß ciao wiedersehen wiederhören danke dank schönen ' +
    'adiós adios gracias luego noches día igualmente revoir merci bientôt journée soirée'
  ).split(' '),
)
/** What stands beside them. */
const courtesies = new Set(
  (
    "you too see ya have a an nice good great take care no nope that's that is all so very much for your time " +
    'ederim sağ olun kalın iyi çok üzere hayır yok size de ' +
    'auf vielen schön guten einen tag abend noch ihnen auch bis bald dann nein ' +
    'muchas hasta pronto que tenga un buen buenas tardes ' +
    'au beaucoup bonne à également non vous aussi'
  ).split(' '),
)

/** What a transcription writes for sounds that are no words: `(coughing)`, `[noise]`, `*sighs*`. */
const noises = /\([^)]*\)|\[[^\]]*\]|\*[^*]*\*/g

/** The words of a transcript, in lower case by the rules of Turkish and of the rest. */
function wordsOf(text: string): { tr: string; plain: string }[] {
  const words =
    text
      .normalize('NFC')
      .replace(noises, ' ')
      .match(/[\p{L}\p{M}\p{N}'’]+/gu) ?? []
  return words.map((word) => ({ tr: word.toLocaleLowerCase('tr'), plain: word.toLowerCase() }))
}

/** How many words were said; sounds are none. */
export const wordCount = (text: string): number => wordsOf(text).length

/** True for nothing at all and for one or two words that only keep the line warm. Whether they answer a question is not for us. */
export function isBackchannel(text: string): boolean {
  const words = wordsOf(text)
  return words.length <= 2 && words.every(({ tr, plain }) => backchannels.has(tr) || backchannels.has(plain))
}

/**
 * True where the caller only agrees with a goodbye or says theirs: nothing at all, a back-channel, words of parting and thanks.
 * Of somebody who was `silent`, and is heard after all, a back-channel is a sign of life.
 */
export function agreesToEnd(text: string, silent: boolean): boolean {
  const words = wordsOf(text)
  const isIn = (set: Set<string>) => (word: { tr: string; plain: string }) => set.has(word.tr) || set.has(word.plain)
  const isParting = isIn(partings)
  const isPolite = (word: { tr: string; plain: string }) => isIn(courtesies)(word) || isIn(backchannels)(word)
  if (words.length === 0 || (!silent && isBackchannel(text))) return true
  return !text.includes('?') && words.some(isParting) && words.every((word) => isParting(word) || isPolite(word))
}

/** True where two thirds of the words of `text` are among those of `said`, or where it has none: an echo is transcribed as what we said. */
export function repeats(text: string, said: string): boolean {
  const ours = new Set(wordsOf(said).map(({ plain }) => plain))
  const words = wordsOf(text)
  return words.filter(({ plain }) => ours.has(plain)).length * 3 >= words.length * 2
}
