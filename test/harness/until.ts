/** Looks every few milliseconds until `look` finds something, and hands it over. The test's own timeout is the limit. */
export async function until<T>(look: () => Promise<T> | T): Promise<NonNullable<Exclude<T, false | '' | 0>>> {
  for (;;) {
    const found = await look()
    if (found) return found as NonNullable<Exclude<T, false | '' | 0>>
    await new Promise((resolve) => setTimeout(resolve, 20))
  }
}
