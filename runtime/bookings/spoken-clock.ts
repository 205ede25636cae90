/**
 * Times of day in words, since `Intl` has them in digits alone, which a voice may read as anything. Minutes below ten are said with
 * their nought where a clock is read out ("on beş sıfır beş").
 */
interface Words {
  /** 0 to 19, or to 29 where the twenties are words of their own. */
  ones: string[]
  tens: string[]
  /** "otuz", "beş" → "otuz beş". */
  join(tens: string, ones: string): string
  say(hour: number, minute: number, number: (n: number) => string): string
}

const list = (text: string): string[] => text.split(' ')

const languages: Record<string, Words> = {
  tr: {
    ones: [
      ...list('sıfır bir iki üç dört beş altı yedi sekiz dokuz on'),
      ...list('bir iki üç dört beş altı yedi sekiz dokuz').map((one) => `on ${one}`),
    ],
    tens: list('- - yirmi otuz kırk elli'),
    join: (tens, ones) => `${tens} ${ones}`,
    say: (hour, minute, number) =>
      minute === 0 ? `saat ${number(hour)}` : `${number(hour)} ${nought(minute, number)}`,
  },
  en: {
    ones: list(
      'oh one two three four five six seven eight nine ten eleven twelve thirteen fourteen fifteen sixteen seventeen eighteen nineteen',
    ),
    tens: list('- - twenty thirty forty fifty'),
    join: (tens, ones) => `${tens}-${ones}`,
    say(hour, minute, number) {
      // "Twelve PM" is midnight to some.
      if (minute === 0 && hour % 12 === 0) return hour === 0 ? 'at midnight' : 'at noon'
      const said = `at ${number(hour % 12 || 12)}${minute === 0 ? '' : ` ${nought(minute, number)}`}`
      return `${said} ${hour < 12 ? 'AM' : 'PM'}`
    },
  },
  de: {
    ones: list(
      'null eins zwei drei vier fünf sechs sieben acht neun zehn elf zwölf dreizehn vierzehn fünfzehn sechzehn siebzehn achtzehn neunzehn',
    ),
    tens: list('- - zwanzig dreißig vierzig fünfzig'),
    join: (tens, ones) => `${ones === 'eins' ? 'ein' : ones}und${tens}`,
    say(hour, minute, number) {
      const hours = hour === 1 ? 'ein' : number(hour)
      return `um ${hours} Uhr${minute === 0 ? '' : ` ${number(minute)}`}`
    },
  },
  es: {
    ones: [
      ...list('cero una dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince'),
      ...list(
        'dieciséis diecisiete dieciocho diecinueve veinte veintiuna veintidós veintitrés veinticuatro veinticinco',
      ),
      ...list('veintiséis veintisiete veintiocho veintinueve'),
    ],
    tens: list('- - - treinta cuarenta cincuenta'),
    join: (tens, ones) => `${tens} y ${ones}`,
    say(hour, minute, number) {
      const hours = hour === 1 ? 'a la una' : `a las ${number(hour)}`
      // Hours are feminine, minutes are not.
      const minutes = nought(minute, number)
        .replace(/veintiuna$/, 'veintiuno')
        .replace(/una$/, 'uno')
      return minute === 0 ? hours : `${hours} ${minutes}`
    },
  },
  fr: {
    ones: list(
      'zéro une deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize dix-sept dix-huit dix-neuf',
    ),
    tens: list('- - vingt trente quarante cinquante'),
    join: (tens, ones) => (ones === 'une' ? `${tens} et une` : `${tens}-${ones}`),
    say(hour, minute, number) {
      const named: Record<number, string> = { 0: 'minuit', 12: 'midi' }
      const hours = named[hour] ?? `${number(hour)} ${hour === 1 ? 'heure' : 'heures'}`
      return `à ${hours}${minute === 0 ? '' : ` ${number(minute)}`}`
    },
  },
}

const nought = (minute: number, number: (n: number) => string) =>
  minute < 10 ? `${number(0)} ${number(minute)}` : number(minute)

/** "on beş otuz", "at three thirty PM"; undefined in a language whose numbers are not here. @param language without its region. */
export function clockInWords(language: string, hour: number, minute: number): string | undefined {
  const words = languages[language]
  if (!words) return undefined
  const number = (n: number): string => {
    const known = words.ones[n]
    if (known) return known
    const tens = words.tens[Math.floor(n / 10)]!
    return n % 10 === 0 ? tens : words.join(tens, words.ones[n % 10]!)
  }
  return words.say(hour, minute, number)
}
