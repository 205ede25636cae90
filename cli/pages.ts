/** A page of a list, as routes under /workspace answer it. */
export interface Page<T> {
  data: T[]
  has_more: boolean
  next_cursor: string | null
}

/** A whole list, page after page. */
export async function everyPage<T>(
  read: (cursor?: string) => Promise<Pick<Page<T>, 'data'> & { next_cursor?: string | null }>,
): Promise<T[]> {
  const all: T[] = []
  for (let cursor: string | null | undefined; cursor !== null; ) {
    const page = await read(cursor)
    all.push(...page.data)
    cursor = page.next_cursor ?? null
  }
  return all
}

/** How to read on. */
export const more = (cursor: string | null): string[] => (cursor ? [`More: add --cursor ${cursor}`] : [])
