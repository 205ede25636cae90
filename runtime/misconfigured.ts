/** Something that was configured cannot be what it is for: what, and what to do instead. */
export class Misconfigured extends Error {
  override name = 'Misconfigured'
  readonly next: string
  constructor(message: string, next: string) {
    super(message)
    this.next = next
  }
}
