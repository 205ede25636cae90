const LANGUAGES = ['en', 'tr', 'de', 'es', 'fr']

/** Every month's names, long and short, as a language writes them within a date. */
const MONTHS: ReadonlyMap<string, number> = new Map(
  LANGUAGES.flatMap((language) =>
    (['long', 'short'] as const).flatMap((month) => {
      const format = new Intl.DateTimeFormat(language, { day: 'numeric', month, timeZone: 'UTC' })
      return Array.from({ length: 12 }, (_, i): [string, number] => {
        const parts = format.formatToParts(Date.UTC(2026, i, 15))
        return [bare(parts.find((part) => part.type === 'month')!.value), i + 1]
      })
    }),
  ),
)

/**
 * A whole date as YYYY-MM-DD: "2026-07-01", "1.7.2026", "1 July 2026", "July 1st, 2026". Undefined for what is none, has no year, or
 * may be two ("03/04/2026"); the model, which knows the day, then writes it out.
 */
export function readDate(text: string): string | undefined {
  const iso = /(?<!\d)(\d{4})-(\d{1,2})-(\d{1,2})(?!\d)/.exec(text)
  if (iso) return date(iso[1]!, iso[2]!, iso[3]!)
  const dotted = /(?<!\d)(\d{1,2})\.\s?(\d{1,2})\.\s?(\d{4})(?!\d)/.exec(text)
  if (dotted) return date(dotted[3]!, dotted[2]!, dotted[1]!)
  const slashed = /(?<!\d)(\d{1,2})[/-](\d{1,2})[/-](\d{4})(?!\d)/.exec(text)
  if (slashed) return slashedDate(slashed[3]!, Number(slashed[1]), Number(slashed[2]))
  return named(text)
}

/** Day and month in either order, when only one of them makes a date. */
function slashedDate(year: string, first: number, second: number): string | undefined {
  const both = new Set([date(year, second, first), date(year, first, second)])
  both.delete(undefined)
  return both.size === 1 ? [...both][0] : undefined
}

function named(text: string): string | undefined {
  const month = text.split(/[^\p{L}.]+/u).flatMap((word) => MONTHS.get(bare(word)) ?? [])
  const year = text.match(/(?<!\d)\d{4}(?!\d)/g) ?? []
  const day = text.match(/(?<!\d)\d{1,2}(?!\d)/g) ?? []
  return month.length === 1 && year.length === 1 && day.length === 1 ? date(year[0]!, month[0]!, day[0]!) : undefined
}

function date(year: string, month: string | number, day: string | number): string | undefined {
  const made = new Date(Date.UTC(Number(year), Number(month) - 1, Number(day)))
  // Of a year below 100 the platform makes one of the 20th century.
  const isYear = made.getUTCFullYear() === Number(year)
  const isReal = isYear && made.getUTCMonth() === Number(month) - 1 && made.getUTCDate() === Number(day)
  return isReal ? made.toISOString().slice(0, 10) : undefined
}

function bare(word: string): string {
  return word.toLowerCase().replaceAll('i̇', 'i').replace(/\./g, '')
}
