/** Question marks of Latin and Chinese, Arabic, Armenian, Greek and Ethiopic letters. Greek has one that looks like a semicolon. */
const MARKS = '?？؟՞\u037e፧'
const mark = new RegExp(`[${MARKS}]`)
const atEnd = new RegExp(`[${MARKS}]\\s*$`)
const last = new RegExp(`[^.!。！${MARKS}]*[${MARKS}][^${MARKS}]*$`)
const ends = new RegExp(`(?<=[.!。！${MARKS}])`)
const first = new RegExp(`\\p{L}[^!.:。！：${MARKS}]*[${MARKS}]`, 'u')

export const hasQuestion = (text: string): boolean => mark.test(text)

export const endsInQuestion = (text: string): boolean => atEnd.test(text)

/** The last question, and what was said after it; the whole text where it has none. */
export const lastQuestion = (text: string): string => last.exec(text)?.[0] ?? text

export const firstQuestion = (text: string): string | undefined => first.exec(text)?.[0]

export const sentencesOf = (text: string): string[] => text.split(ends)
