import { bad, RestFault, whole } from './parameters.ts'

/** @throws {RestFault} on a filter that is not documented */
export function knownFilters(query: URLSearchParams, known: string[]): void {
  const unknown = [...query.keys()].find((name) => ![...known, 'PageSize', 'Page', 'PageToken'].includes(name))
  if (unknown) throw bad(20001, `Unknown parameter '${unknown}'.`)
}

/** One page of a list, newest first: https://www.twilio.com/docs/usage/twilios-response#response-formats-list-paging-information */
export function pageOf<T extends { sid: string }>(
  name: string,
  found: T[],
  url: URL,
  resource: (record: T) => object,
): object {
  const size = whole(url.searchParams, 'PageSize', 1, 1000, 50)
  const page = whole(url.searchParams, 'Page', 0, 1_000_000, 0)
  const start = page * size
  const records = found.slice(start, start + size)
  const uri = (number: number) => {
    const other = new URLSearchParams(url.searchParams)
    other.set('PageSize', String(size))
    other.set('Page', String(number))
    if (number > 0) other.set('PageToken', `PA${found[number * size - 1]?.sid ?? ''}`)
    return `${url.pathname}?${other}`
  }
  return {
    [name]: records.map(resource),
    ...{ page, page_size: size, start, end: Math.max(start, start + records.length - 1) },
    ...{ uri: uri(page), first_page_uri: uri(0) },
    next_page_uri: start + size < found.length ? uri(page + 1) : null,
    previous_page_uri: page > 0 ? uri(page - 1) : null,
  }
}

/** Times count in whole seconds, as they are told; a date means its whole day in UTC, and `>` means on or after. */
export function within(query: URLSearchParams, name: string, at: number | undefined): boolean {
  const text = query.get(name)
  if (text === null) return true
  if (!/^\d{4}-\d{2}-\d{2}(T\d{2}:\d{2}:\d{2}Z)?$/.test(text))
    throw new RestFault(400, 20001, `'${text}' is no ${name}.`)
  if (at === undefined) return false
  const second = Math.floor(at / 1000) * 1000
  const bound = Date.parse(text)
  if (name.endsWith('>')) return second >= bound
  if (name.endsWith('<')) return second <= bound
  return second >= bound && second < bound + (text.includes('T') ? 1000 : 86_400_000)
}
