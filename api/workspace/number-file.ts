import { type CsvError, parse } from 'csv-parse/sync'
import type { GivenRow } from '../../runtime/calls/import-do-not-call.ts'
import { ProblemError } from '../../runtime/problem.ts'

const MAX_ROWS = 50_000

const HEADERS = /^(phone|phone[ _-]?number|number|telephone|tel|mobile|cell|e\.?164)$/i

/**
 * Phone numbers of a CSV file (RFC 4180; separated by commas, semicolons or tabs). With a header row, those of its column `phone`;
 * without, those of the first column. The flat file of the FTC, an area code and a number a line, is understood too.
 * @param country for national spellings. @returns each with the line it stands on, from 1.
 * @throws invalid_request for what is no CSV, has no column of phones, or holds no rows.
 */
export function readNumbers(text: string, country: string | undefined): GivenRow[] {
  const lines = records(text)
  if (lines.length > MAX_ROWS) throw refuse(`It has more than ${MAX_ROWS} rows; send it in parts.`)
  const [first, ...rest] = lines
  if (!first) throw refuse('There is no row in it; send one phone number a line.')
  const hasHeader = !first.cells.some((cell) => /\p{Nd}/u.test(cell.replace(/e\.?164/i, '')))
  if (!hasHeader) return [first, ...rest].map((it) => numberIn(it, 0, country))
  const named = first.cells.findIndex((cell) => HEADERS.test(cell))
  if (named < 0 && first.cells.length > 1)
    throw refuse(`None of its columns is called phone: ${first.cells.slice(0, 10).join(', ').slice(0, 200)}.`)
  if (rest.length === 0) throw refuse('There is no row under its header; send one phone number a line.')
  return rest.map((it) => numberIn(it, Math.max(named, 0), country))
}

interface Line {
  row: number
  cells: string[]
}

function records(text: string): Line[] {
  try {
    const read = parse(text, {
      ...{ bom: true, trim: true, skip_empty_lines: true, relax_column_count: true, info: true },
      delimiter: [',', ';', '\t'],
    }) as unknown as { record: string[]; info: { lines: number } }[]
    return read.map(({ record, info }) => ({ row: info.lines, cells: record }))
  } catch (error) {
    throw refuse(`It is not CSV: ${(error as CsvError).message}.`)
  }
}

function numberIn({ row, cells }: Line, column: number, country: string | undefined): GivenRow {
  const [area = '', number = ''] = cells
  if (cells.length === 2 && /^\d{3}$/.test(area) && /^\d{7}$/.test(number)) return { row, phone: `+1${area}${number}` }
  return { row, phone: cells[column] ?? '', country }
}

const refuse = (detail: string) =>
  new ProblemError('invalid_request', detail, { errors: [{ pointer: '', code: 'invalid_request', detail }] })
