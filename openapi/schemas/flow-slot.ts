import { z } from 'zod'
import { name, text } from './flow-fields.ts'
import { written } from './flow-written.ts'

export const SLOT_TYPES = ['text', 'choice', 'number', 'yes_no', 'date'] as const

/** What a number may be compared with: `< 500`, `<= 500`, `> 500` or `>= 500`. */
export const COMPARISON = /^(<=?|>=?) ?(-?[0-9]{1,12}(?:\.[0-9]{1,6})?)$/

export const SlotName = name('Name of one thing to find out.')

const list = (max: number, what: string) =>
  z
    .array(text(100, 'One value.'))
    .max(max, `must have at most ${max} values`)
    .describe(what)
    .register(written, { form: 'texts', implied: [] })

export const FlowSlot = z
  .strictObject({
    name: SlotName,
    question: text(300, 'How to ask for it.').nullable().register(written, { form: 'text', implied: null }),
    type: z.enum(SLOT_TYPES).describe('What an answer is.').register(written, { form: 'choice', implied: 'text' }),
    options: list(20, 'What a choice is between, 2 to 20.'),
    required: z
      .boolean()
      .describe('Whether the lead qualifies only with an answer to it.')
      .register(written, { form: 'flag', implied: true }),
    disqualify_if: list(
      20,
      'Answers that end the call as not_fit: options, yes or no, or comparisons such as `< 500`.',
    ),
  })
  .superRefine((slot, context) => {
    const fault = (path: PropertyKey[], message: string) => context.addIssue({ code: 'custom', path, message })
    if (slot.type === 'choice' && slot.options.length < 2)
      fault(['options'], 'must be 2 to 20, because the type is choice')
    if (slot.type !== 'choice' && slot.options.length > 0)
      fault(['options'], 'may only be given when the type is choice')
    for (const [i, value] of slot.disqualify_if.entries()) {
      const message = disqualifierFault(slot, value)
      if (message) fault(['disqualify_if', i], message)
    }
  })
  .describe('One thing to find out. A null question is asked in the words of the platform.')

/** Why an answer of this slot can never be `value`, or undefined. */
function disqualifierFault({ type, options }: { type: string; options: string[] }, value: string): string | undefined {
  if (type === 'choice')
    return options.includes(value) ? undefined : `must be among the options, which "${value}" is not`
  if (type === 'yes_no') return ['yes', 'no'].includes(value) ? undefined : 'must be yes or no'
  if (type === 'number') return COMPARISON.test(value) ? undefined : 'must be a comparison such as "< 500"'
  return 'needs the type choice, number or yes_no'
}

export type FlowSlot = z.infer<typeof FlowSlot>
