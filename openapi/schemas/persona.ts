import { sandboxPeople } from '../sandbox-people.ts'
import { z } from '../zod.ts'
import { Outcome } from './call.ts'
import { GivenTime, Language, Phone, text, Word, wholeNumber } from './common.ts'

const texts = z.union([text(500), z.array(text(500))], 'must be a text, or a list of texts')

/** What a simulated call must come to. Texts are found wherever they stand, in any letters. */
export const Expectation = z
  .strictObject({
    outcome: Outcome,
    reason: Word.describe('E.g. `voicemail`, `opted_out`, `not_interested`.'),
    answers: z.record(Word, text(500)).describe('By slot: what the kept answer contains.'),
    booked: z.boolean().describe('Whether an appointment is confirmed.'),
    said: texts.describe('What the agent says, each somewhere in the call.'),
    not_said: texts.describe('What the agent never says.'),
    messages: texts.describe('Every message that is sent, by its template or by words of it; [] for none.'),
    max_turns: wholeNumber(1, 200).describe('How many turns the agent may take.'),
    attempts: wholeNumber(0, 20).describe('How many times the phone is called.'),
    first_dial_within_seconds: wholeNumber(1, 86_400).describe('From the lead to the first dial, in real time.'),
  })
  .partial()
  .meta({ minProperties: 1 })
export type Expectation = z.infer<typeof Expectation>

const PersonaLead = z
  .strictObject({
    name: text(200),
    phone: Phone.describe('E.164; one of the sandbox when not given. Nobody else of the run may have it.'),
    source: Word.describe("The flow's first, when not given."),
    campaign: Word,
    intent: Word,
    external_id: text(200),
    time_zone: text(64),
    metadata: z.record(text(40), text(500)),
  })
  .partial()
  .describe('Fields of the lead.')

const Words = text(400)
const turns = wholeNumber(0, 50)

export const Persona = z
  .strictObject({
    persona: text(100).describe('Their name in the report.'),
    language: Language.optional().describe('Of the lead.'),
    lead: PersonaLead.optional(),
    answers: z.record(Word, Words).optional().describe('By slot: what they say when it is asked.'),
    turns: z.array(Words).max(50).optional().describe('What they say in turn, whatever the agent said.'),
    offer: Words.optional().describe('What they say to a time that is offered; they take it, when not given.'),
    interrupts: z
      .strictObject({
        at: z
          .union([z.literal('greeting'), wholeNumber(1, 50)], 'must be greeting, or a number of answers from 1 to 50')
          .describe('In the greeting, or in what follows so many answers of theirs.'),
        with: Words.describe('Said over the agent.'),
      })
      .optional()
      .describe('Talks over the agent, once.'),
    silence: turns.optional().describe('Says nothing more after so many answers; 0: nothing but hello.'),
    presses: z
      .string()
      .regex(/^[0-9*#]{1,32}$/, 'must be keys of a telephone, e.g. "9"')
      .optional()
      .describe('Keys pressed when the agent has spoken first.'),
    hangs_up: turns.optional().describe("In the middle of the agent's sentence, after so many answers."),
    answers_on_attempt: wholeNumber(1, 20).optional().describe('Lets the calls before this one ring out.'),
    voicemail: z
      .union([z.boolean(), Words], 'must be true, or the words of a voicemail greeting')
      .optional()
      .describe('Their voicemail picks up; the words are its greeting.'),
    expect: Expectation,
  })
  .describe('Somebody of your own to be called.')
export type Persona = z.infer<typeof Persona>

const Character = z.enum(sandboxPeople.map(({ character }) => character))

/** `simulations/<flow>.yaml`: whom `talkif simulate` calls for a flow, and what must come of it. */
export const Simulation = z
  .strictObject({
    people: z
      .partialRecord(Character, Expectation)
      .optional()
      .describe(
        'Which people of the sandbox are called, and what is expected; all of them where there are no personas either.',
      ),
    personas: z.array(Persona).max(100).optional(),
    clock: z
      .union(
        [z.string().regex(/^([01]\d|2[0-3]):[0-5]\d$/), GivenTime],
        'must be a time of day such as 09:00, or a time such as 2026-05-26T15:04:11+03:00',
      )
      .optional()
      .describe('What time it is where the person is; 11:00 on a weekday when not given.'),
  })
  .describe('The people whom `talkif simulate` calls for a flow, and what must come of it.')
export type Simulation = z.infer<typeof Simulation>
