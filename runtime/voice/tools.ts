import { formOf } from '../../flows/language/answers.ts'
import type { Flow, FlowSlot } from '../../openapi/schemas/flow-document.ts'
import { PARTS_OF_DAY } from '../bookings/wished-time.ts'
import type { ToolDefinition } from './port.ts'

const object = (properties: Record<string, unknown>, required = Object.keys(properties)) => ({
  type: 'object',
  properties,
  required,
  additionalProperties: false,
})
const text = (description: string) => ({ type: 'string', description })

/** Answers of slots that are not plain text have their own forms; `save_answer` checks each against its slot. */
function answerSchema(slots: FlowSlot[]): Record<string, unknown> {
  const typed = slots.filter(({ type }) => type !== 'text')
  if (typed.length === 0) return text('The answer, as the person meant it.')
  const forms = typed.map(({ name, type, options }) => ({
    type: type === 'number' ? 'number' : 'string',
    description: `Of ${name}: ${formOf(type, options)}.`,
    ...(type === 'choice' ? { enum: options } : {}),
    ...(type === 'yes_no' ? { enum: ['yes', 'no'] } : {}),
  }))
  const others = typed.length < slots.length ? [text('Of any other slot: the answer, as the person meant it.')] : []
  return { anyOf: [...forms, ...others] }
}

/** The tools of the platform that are offered to the model in a call of `flow`. `takesMessages`: a queue falls back to one. */
export function toolsOf(flow: Flow, { takesMessages = false } = {}): ToolDefinition[] {
  const slots = flow.qualify.map((slot) => slot.name)
  const books = flow.on.qualified.some((action) => action.type === 'book')
  return [
    ...(slots.length
      ? [
          {
            name: 'save_answer',
            description: 'Save what the person said to one of the slots, in a few words.',
            parameters: object({
              slot: { type: 'string', enum: slots },
              value: answerSchema(flow.qualify),
            }),
          },
        ]
      : []),
    ...(books
      ? [
          {
            name: 'check_slots',
            description:
              'Look up free appointment times, once every slot is answered. Returns {slots: [{slot_id, spoken}]}.',
            parameters: object(
              {
                day: text('The day they asked for, as YYYY-MM-DD; leave it out when they named none.'),
                part_of_day: {
                  ...text('The part of a day they asked for; leave it out when they named none.'),
                  enum: PARTS_OF_DAY,
                },
              },
              [],
            ),
          },
          {
            name: 'book_slot',
            description: 'Book a time the person agreed to, by a slot_id that check_slots returned in this call.',
            parameters: object({ slot_id: text('As check_slots returned it.') }),
          },
        ]
      : []),
    {
      name: 'transfer_to_human',
      description: 'Connect the person to a human colleague now; what comes of it is told to you.',
      parameters: object({ reason: text('Why, in a few words.') }),
    },
    {
      name: 'cancel_transfer',
      description: 'The person does not want to wait for a colleague any longer.',
      parameters: object({}),
    },
    ...(takesMessages
      ? [
          {
            name: 'take_message',
            description: 'Note what the person wants to leave for the colleagues, when none is free.',
            parameters: object({ message: text('Their message, in their words.') }),
          },
        ]
      : []),
    {
      name: 'not_a_fit',
      description: 'The person does not want the offer, or wants something that is not offered.',
      parameters: object({
        reason: { type: 'string', enum: ['not_interested', 'out_of_scope'] },
        detail: text('Why, in a few words.'),
      }),
    },
    { name: 'wrong_number', description: 'The person we want is not at this number.', parameters: object({}) },
    { name: 'stop_calling', description: 'The person asked not to be called again.', parameters: object({}) },
    { name: 'voicemail', description: 'A machine answered, not a person.', parameters: object({}) },
    {
      name: 'call_screening',
      description: 'A robot asks who is calling, or asks to hold the line. Say nothing beside it: it is told for you.',
      parameters: object({}),
    },
    { name: 'end_call', description: 'Hang up after the goodbye.', parameters: object({}) },
  ]
}
