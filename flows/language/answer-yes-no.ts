/** What decides alone, in the languages the platform has sentences for. */
const YES = words(
  'yes yeah yep sure correct true evet tabii tabi elbette olur doğru jawohl klar genau natürlich sí claro cierto oui ouais vrai',
)
const NO = words('no nope nah false hayir yok olmaz nein nee non nan')

/** A yes that has a no in it. */
const ASSENTS = phrases(
  'no (?:problems?|worries|doubt|question|objections?|issues?|trouble)|not a problem|why not|(?:t|cannot) say no',
  '(?:sorun|problem|sikinti|mahsuru?|itirazim|şüphe[mn]?) (?:yok|değil|olmaz)|(?:neden|niye) olmasin',
  'keine?n? (?:problem|ding|frage|zweifel|thema|einwände?)|warum nicht|nichts dagegen',
  '(?:no hay|no es|sin) (?:ning[uú]n )?(?:problemas?|dudas?|inconvenientes?)|ning[uú]n problema|no pasa nada|(?:c[oó]mo|por qu[eé]) no',
  '(?:pas de|sans|aucun) (?:probl[eè]mes?|soucis?)|pourquoi pas',
)
/** A no that has a yes in it. */
const DENIALS = phrases(
  '(?:sure|tabii|tabi|elbette|natürlich|klar|genau|claro) (?:que |ki )?(?:no|not|hayir|yok|olmaz|değil|nicht|non|pas)',
  '(?:not|t) (?:correct|true)|doğru değil|no es (?:cierto|verdad|correcto)|pas (?:\\p{L}+ )?vrai',
)
/** Neither, though it has a word of one. */
const DOUBTS = phrases(
  'no (?:idea|clue|preference|opinion)|(?:not|t) (?:\\p{L}+ )?sure',
  '(?:fikrim|bilgim|haberim|tercihim) yok|(?:olur|olmaz|doğru|tabii|tabi) m[iu]',
  'nicht (?:\\p{L}+ )?(?:klar|genau)|na ja',
  'no (?:(?:lo|la|le|les|te|me|os|se) )?(?:s[eé]|sabr[ií]a|recuerdo|acuerdo|entiendo|comprendo|oigo|escucho)|no estoy (?:\\p{L}+ )?segur[oa]|no tengo (?:ni )?idea',
)
/** Words that are a yes only in their place: elsewhere "ja" is a mere particle, and "si" an "if". */
const YES_IN_PLACE = /^ (?:(?:oh|ach|aber|also) )?ja |^ (?:mais )?si (?:si )*$| que si $/u

/**
 * `yes` or `no`; undefined when both were said, or neither. Each clause is read by its set phrases first: "No problem, I will be
 * there" is a yes.
 * @param asked about what: "no problem" says nothing sure where problems were asked for.
 */
export function readYesNo(text: string, asked: string): 'yes' | 'no' | undefined {
  const topics = wordsOf(asked).split(' ')
  const isTopic = (word: string) => word.length >= 5 && topics.some((topic) => topic.startsWith(word.slice(0, 5)))
  let [yes, no, unsure] = [false, false, false]
  for (const clause of text.split(/[,.;:!?¡¿…–—\n]+/u)) {
    let left = ` ${wordsOf(clause)} `
    const take = (pattern: RegExp, found: (phrase: string) => void) => {
      left = left.replace(pattern, (phrase) => {
        found(phrase)
        return ' '
      })
    }
    take(ASSENTS, (phrase) => {
      if (phrase.split(' ').some(isTopic)) unsure = true
      else yes = true
    })
    take(DENIALS, () => {
      no = true
    })
    take(DOUBTS, () => {})
    yes ||= YES_IN_PLACE.test(left) || left.split(' ').some((word) => YES.has(word))
    no ||= left.split(' ').some((word) => NO.has(word))
  }
  if (unsure || yes === no) return undefined
  return yes ? 'yes' : 'no'
}

/** Lower-case words with single spaces between them, and no signs but a plus. */
export const wordsOf = (text: string): string =>
  smallLetters(text)
    .replace(/[^\p{L}\p{M}\p{N}+]+/gu, ' ')
    .trim()

/** In lower case; the Turkish İ and ı count as i, as "HAYIR" in small letters needs it. */
export const smallLetters = (text: string): string =>
  text.normalize('NFKC').toLowerCase().replaceAll('i̇', 'i').replaceAll('ı', 'i')

function words(list: string): ReadonlySet<string> {
  return new Set(list.split(' '))
}

/** Anywhere in words with single spaces between and around them. */
function phrases(...sources: string[]): RegExp {
  return new RegExp(`(?<= )(?:${sources.join('|')})(?= )`, 'gu')
}
