/** Whether there is anything in it that can be spoken. */
export const isSpoken = (text: string) => /[\p{L}\p{N}]/u.test(text)

/** Pictographs in a row, with what joins and colors them, and the space before. */
const picture = String.raw`(?:\p{Extended_Pictographic}|\p{Regional_Indicator})(?:\uFE0F|\u20E3|\u200D|\p{Emoji_Modifier}|[\u{E0020}-\u{E007F}])*`
const pictures = String.raw`[ \t]*(?:${picture}[ \t]*)*${picture}`
/** With a word right behind them they stand between two. */
const picturesBeforeWord = new RegExp(String.raw`${pictures}(?=[\p{L}\p{N}])`, 'gu')
const allPictures = new RegExp(pictures, 'gu')

/** What of a written text is spoken: no pictographs, no marks of Markdown. `startsLine`: it is the beginning of a line. */
export function plain(text: string, startsLine: boolean): string {
  return (
    `${startsLine ? '\n' : ''}${text}`
      .replace(/!?\[([^\]\n]*)\]\([^)\n]*\)/g, '$1')
      .replace(picturesBeforeWord, ' ')
      .replace(allPictures, '')
      .replace(/[\uFE0F\u20E3]/g, '')
      // Rules, and the line below the head of a table.
      .replace(/\n[ \t|:*_=-]{3,}(?=\n|$)/g, '\n')
      .replace(/\n[ \t]*(?:(?:[-*+•>]|#{1,6})(?:[ \t]+|$))+/g, '\n')
      .replace(/[ \t]*\|[ \t]*/g, ' ')
      .replace(/`+|~~+|\*\*+/g, '')
      // One alone may be a sign of its own between spaces or letters: 2 * 3, a_name.
      .replace(/(?<![\p{L}\p{N}_*])[_*]+(?=\S)|(?<=\S)[_*]+(?![\p{L}\p{N}_*])/gu, '')
      .trim()
  )
}
