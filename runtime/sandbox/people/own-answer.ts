import { hasQuestion, lastQuestion, sentencesOf } from '../questions.ts'

export interface OwnAnswer {
  question: string
  words: string
}

/** At least so much of a slot's question is heard again when it is asked. */
const ALIKE = 0.6
/** And of one that is asked without a question mark: "Thank you for telling me your name" is none. */
const ALIKE_UNMARKED = 0.8

/**
 * What somebody says to a turn of the agent, where it asks for something that they have an answer to. The last that is asked counts:
 * its sentences are tried from the last to the first, then what is longer than a sentence.
 * @param said what this person has said before.
 */
export function ownAnswer(own: readonly OwnAnswer[], text: string, said: readonly string[]): string | undefined {
  for (const part of [...sentencesOf(text).toReversed(), lastQuestion(text)]) {
    const found = closest(own, part, said, hasQuestion(part) ? ALIKE : ALIKE_UNMARKED)
    if (found) return found.words
  }
  return closest(own, text, said, ALIKE_UNMARKED)?.words
}

/** Of several that are alike the longest, so that a first name is no name; then one that has no answer yet. */
function closest(own: readonly OwnAnswer[], asked: string, said: readonly string[], least: number) {
  const heard = new Set(wordsOf(asked))
  const alike = own.map(({ question, words }) => {
    // What stands in a field is the lead's.
    const all = wordsOf(question.replace(/\{[^{}]*\}/g, ' '))
    const share = all.filter((word) => heard.has(word)).length / all.length
    return { words, share, length: all.length, isNew: !said.includes(words) }
  })
  return alike
    .filter(({ share }) => share >= least)
    .toSorted((a, b) => b.share - a.share || b.length - a.length || Number(b.isNew) - Number(a.isNew))[0]
}

const wordsOf = (text: string): string[] => text.toLowerCase().match(/[\p{L}\p{M}\p{N}]+/gu) ?? []
