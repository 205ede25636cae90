/** One person who lives on the sandbox phone network; each number always behaves in the same way. */
export interface SandboxPerson {
  /** E.164, of the range +1 202 555 01xx, which is never assigned to anybody. */
  number: string
  name: string
  character:
    | 'books'
    | 'qualifies'
    | 'busy'
    | 'second_try'
    | 'voicemail'
    | 'not_a_fit'
    | 'wrong_number'
    | 'stop_calling'
    | 'interrupts'
    | 'falls_silent'
    | 'asks_for_human'
    | 'hangs_up'
    | 'carrier_fails'
    | 'screened'
    | 'long_voicemail'
  /** What a caller experiences, in one sentence. */
  summary: string
  /** The outcome such a call ends with, and its reason where it has one. */
  outcome: string
}

/** The sandbox's own outbound number: what `GET /v1/numbers` lists for a test key, and the only `From` it accepts. */
export const sandboxNumber = '+12025550190'

/** Everybody on the sandbox phone network. Every other number behaves like the first. */
export const sandboxPeople: readonly SandboxPerson[] = [
  {
    number: '+12025550100',
    name: 'Bea Books',
    character: 'books',
    summary: 'Answers every question and takes the first time offered.',
    outcome: 'booked',
  },
  {
    number: '+12025550101',
    name: 'Quinn Qualifies',
    character: 'qualifies',
    summary: 'Answers every question, and would rather not book a time.',
    outcome: 'qualified',
  },
  {
    number: '+12025550102',
    name: 'Bo Busy',
    character: 'busy',
    summary: 'The line is busy, every time.',
    outcome: 'no_answer (busy)',
  },
  {
    number: '+12025550103',
    name: 'Sam Second',
    character: 'second_try',
    summary: 'Does not answer the first call for a lead; answers the second and books.',
    outcome: 'no_answer, then booked',
  },
  {
    number: '+12025550104',
    name: 'Vera Voicemail',
    character: 'voicemail',
    summary: 'A voicemail greeting and a beep.',
    outcome: 'no_answer (voicemail)',
  },
  {
    number: '+12025550105',
    name: 'Noah Notafit',
    character: 'not_a_fit',
    summary: 'Is not interested, and says so at the first question.',
    outcome: 'not_fit',
  },
  {
    number: '+12025550106',
    name: 'Wren Wrong',
    character: 'wrong_number',
    summary: 'Somebody else: says that this is the wrong number.',
    outcome: 'wrong_number',
  },
  {
    number: '+12025550107',
    name: 'Stella Stop',
    character: 'stop_calling',
    summary: 'Says "please stop calling me and take me off your list".',
    outcome: 'not_fit (opted_out)',
  },
  {
    number: '+12025550108',
    name: 'Ivy Interrupts',
    character: 'interrupts',
    summary: 'Talks over the agent in the middle of a sentence, then goes on and books.',
    outcome: 'booked',
  },
  {
    number: '+12025550109',
    name: 'Silas Silent',
    character: 'falls_silent',
    summary: 'Says hello, then nothing more.',
    outcome: 'no_answer (silence)',
  },
  {
    number: '+12025550110',
    name: 'Hugo Human',
    character: 'asks_for_human',
    summary: 'Asks to talk to a real person.',
    outcome: 'qualified (handoff), or the conversation goes on where nobody can take it',
  },
  {
    number: '+12025550111',
    name: 'Harper Hangup',
    character: 'hangs_up',
    summary: 'Answers the first question and hangs up in the middle of the second.',
    outcome: 'not_fit (hung_up)',
  },
  {
    number: '+12025550112',
    name: 'Cass Carrier',
    character: 'carrier_fails',
    summary: 'The carrier cannot connect the call.',
    outcome: 'no_answer (carrier failure)',
  },
  {
    number: '+12025550118',
    name: 'Cleo Callscreen',
    character: 'screened',
    summary: 'A robot asks who is calling and why; then she comes to the phone and books.',
    outcome: 'booked',
  },
  {
    number: '+12025550119',
    name: 'Lloyd Longbeep',
    character: 'long_voicemail',
    summary: 'A voicemail greeting that goes on and on, and then a beep.',
    outcome: 'no_answer (voicemail)',
  },
]

/** Somebody of a handoff queue who lives on the sandbox phone network. */
export interface SandboxColleague {
  /** E.164, as above. */
  number: string
  name: string
  character: 'accepts' | 'declines' | 'never_answers' | 'answers_late' | 'mailbox'
  /** What becomes of a transfer to them, in one sentence. */
  summary: string
}

/** Targets of test calls' handoffs. Every other phone or SIP address accepts, once it is picked up. */
export const sandboxColleagues: readonly SandboxColleague[] = [
  {
    number: '+12025550120',
    name: 'Ada Accepts',
    character: 'accepts',
    summary: 'Hears the brief out and presses 1.',
  },
  {
    number: '+12025550121',
    name: 'Dana Declines',
    character: 'declines',
    summary: 'Hangs up in the middle of the brief.',
  },
  {
    number: '+12025550122',
    name: 'Nico Noanswer',
    character: 'never_answers',
    summary: 'Never picks up.',
  },
  {
    number: '+12025550123',
    name: 'Lara Late',
    character: 'answers_late',
    summary: 'Picks up after 15 seconds, and presses 1.',
  },
  {
    number: '+12025550124',
    name: 'Max Mailbox',
    character: 'mailbox',
    summary: 'A voicemail greeting and a beep: no key, so it never accepts.',
  },
]

const numbersOfPeople = new Set(sandboxPeople.map((person) => person.number))

/** Whether `phone` (E.164) is one of the people above, whose caps, opt-outs and duplicates start over with each new lead. */
export const isPerson = (phone: string): boolean => numbersOfPeople.has(phone)
