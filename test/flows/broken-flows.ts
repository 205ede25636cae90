/** Broken flow files, and every fault each one gives: `line:column path | message -> suggestion`. */
export const brokenFlows: { what: string; yaml: string; faults: string[] }[] = [
  { what: 'an empty file', yaml: '', faults: ['1:1 id | a flow needs an id'] },
  { what: 'only a comment', yaml: '# later\n', faults: ['1:1 id | a flow needs an id'] },
  { what: 'a list instead of a mapping', yaml: '- id: a\n', faults: ['1:1  | a flow is a mapping of keys to values'] },
  { what: 'no id', yaml: 'match:\n  source: web_form\n', faults: ['1:1 id | a flow needs an id'] },
  {
    what: 'an id with capitals and a dash',
    yaml: 'id: Flow-Pricing\n',
    faults: ['1:5 id | "id": lower-case letters, digits and _, beginning with a letter'],
  },
  { what: 'an id that is too long', yaml: `id: ${'a'.repeat(65)}\n`, faults: ['1:5 id | "id": at most 64 characters'] },
  {
    what: 'an unknown key close to a known one',
    yaml: 'id: a\nmach:\n  source: web_form\n',
    faults: ['2:1 mach | unknown key "mach"; did you mean "match"? -> match'],
  },
  {
    what: 'an unknown key like no other',
    yaml: 'id: a\nwebsite: x\n',
    faults: ['2:1 website | unknown key "website"; known: id, match, call, agent, qualify, on'],
  },
  {
    what: 'a key given twice',
    yaml: 'id: a\ncall:\n  within: 60s\n  within: 90s\n',
    faults: ['4:3 call.within | the key "within" is given twice'],
  },
  {
    what: '__proto__',
    yaml: 'id: a\n__proto__:\n  admin: true\n',
    faults: ['2:1 __proto__ | unknown key "__proto__"; known: id, match, call, agent, qualify, on'],
  },
  {
    what: 'constructor inside a section',
    yaml: 'id: a\nmatch:\n  constructor: x\n',
    faults: ['3:3 match.constructor | unknown key "constructor"; known: source, campaign, intent, language'],
  },
  {
    what: 'an anchor and an alias',
    yaml: 'id: a\nmatch: &m\n  source: x\ncall: *m\n',
    faults: ['2:8  | anchors (&) are not allowed in a flow'],
  },
  {
    what: 'an alias bomb',
    yaml: 'a: &a [x, x]\nb: &b [*a, *a]\n',
    faults: ['1:4  | anchors (&) are not allowed in a flow'],
  },
  { what: 'a tag', yaml: 'id: !!str a\n', faults: ['1:5  | tags (!) are not allowed in a flow'] },
  { what: 'a directive', yaml: '%YAML 1.1\n---\nid: a\n', faults: ['1:1  | directives (%) are not allowed in a flow'] },
  {
    what: 'two documents',
    yaml: 'id: a\n---\nid: b\n',
    faults: ['2:1  | a file holds one flow: found a second document'],
  },
  {
    what: 'a merge key',
    yaml: 'id: a\ncall:\n  <<: x\n',
    faults: [
      '3:3 call.<< | unknown key "<<"; known: within, voice, quiet_hours, max_duration, idle, record, retention, detect_machine, voicemail_message',
    ],
  },
  {
    what: 'a bracket that is not closed',
    yaml: 'id: a\nmatch:\n  source: [web_form\n',
    faults: ['4:1  | flow sequence in block collection must be sufficiently indented and end with a ]'],
  },
  {
    what: 'a tab as indentation',
    yaml: 'id: a\nmatch:\n\tsource: x\n',
    faults: ['3:1  | tabs are not allowed as indentation'],
  },
  { what: 'a quote that is not closed', yaml: 'id: "a\n', faults: ['2:1  | missing closing "quote'] },
  { what: 'nesting over 32', yaml: `id: ${'['.repeat(40)}\n`, faults: ['1:36  | nested more than 32 deep'] },
  {
    what: 'a duration without a unit',
    yaml: 'id: a\ncall:\n  within: 60\n',
    faults: ['3:11 call.within | the duration 60 needs a unit: s, m, h or d -> 60s'],
  },
  {
    what: 'a duration in words',
    yaml: 'id: a\ncall:\n  within: 5 minutes\n',
    faults: ['3:11 call.within | "5 minutes" is not a duration; write one such as 60s, 15m or 2h -> 5m'],
  },
  {
    what: 'a dial budget over a day',
    yaml: 'id: a\ncall:\n  within: 25h\n',
    faults: ['3:11 call.within | "call.within": at most 86400 s'],
  },
  {
    what: 'quiet hours that are none',
    yaml: 'id: a\ncall:\n  quiet_hours: 22-9\n',
    faults: ['3:16 call.quiet_hours | "22-9" are not quiet hours; write them as 22:00-09:00'],
  },
  {
    what: 'quiet hours of no length',
    yaml: 'id: a\ncall:\n  quiet_hours: 22:00-22:00\n',
    faults: ['3:16 call.quiet_hours | "call.quiet_hours": begins and ends at the same time'],
  },
  {
    what: 'yes for true',
    yaml: 'id: a\ncall:\n  record: yes\n',
    faults: ['3:11 call.record | "call.record" is true or false -> true'],
  },
  {
    what: 'retention in hours',
    yaml: 'id: a\ncall:\n  retention: 36h\n',
    faults: ['3:14 call.retention | "call.retention" is a number of whole days, such as 30d'],
  },
  {
    what: 'a mapping where text belongs',
    yaml: 'id: a\ncall:\n  voice: {name: x}\n',
    faults: ['3:10 call.voice | "call.voice" is text'],
  },
  {
    what: 'a language that is none',
    yaml: 'id: a\nmatch:\n  language: [tr, english!]\n',
    faults: ['3:18 match.language | "english!" is not a language tag; write one such as tr, en or pt-BR'],
  },
  {
    what: 'an empty source',
    yaml: 'id: a\nmatch:\n  source: [""]\n',
    faults: ['3:12 match.source | "match.source": must not be empty'],
  },
  {
    what: 'a slot with a capital',
    yaml: 'id: a\nqualify:\n  - need - Timing\n',
    faults: ['3:12 qualify.Timing | "qualify.Timing": name lower-case letters, digits and _, beginning with a letter'],
  },
  {
    what: 'a slot given twice',
    yaml: 'id: a\nqualify:\n  - need - timing\n  - need\n',
    faults: ['4:5 qualify.need | the slot "need" is given twice'],
  },
  {
    what: 'a slot without spaces around the dash',
    yaml: 'id: a\nqualify:\n  - need-timing\n',
    faults: [
      '3:5 qualify.need-timing | "qualify.need-timing": name lower-case letters, digits and _, beginning with a letter',
    ],
  },
  {
    what: 'a list of lists of slots',
    yaml: 'id: a\nqualify:\n  - [need]\n',
    faults: ['3:5 qualify | a list inside the list of slots'],
  },
  {
    what: 'an outcome that is none',
    yaml: 'id: a\non:\n  noanswer: retry(15m)\n',
    faults: ['3:3 on.noanswer | unknown key "noanswer"; did you mean "no_answer"? -> no_answer'],
  },
  {
    what: 'a misspelt action',
    yaml: 'id: a\non:\n  no_answer: retyr(15m)\n',
    faults: ['3:14 on.no_answer | unknown action "retyr"; did you mean "retry"? -> retry'],
  },
  {
    what: 'an unknown action',
    yaml: 'id: a\non:\n  qualified: telegram\n',
    faults: ['3:14 on.qualified | unknown action "telegram"; known: book, retry, log, whatsapp, sms, handoff, webhook'],
  },
  {
    what: 'an action after the wrong outcome',
    yaml: 'id: a\non:\n  wrong_number: retry(15m)\n',
    faults: ['3:17 on.wrong_number | retry cannot follow wrong_number; it may follow no_answer'],
  },
  {
    what: 'a parenthesis that is not closed',
    yaml: 'id: a\non:\n  no_answer: retry(15m, max=3\n',
    faults: ['3:30 on.no_answer | expected "," or ")", found the end'],
  },
  {
    what: 'a list that the comma splits',
    yaml: 'id: a\non:\n  no_answer: [retry(15m, max=3), whatsapp]\n',
    faults: ['3:14 on.no_answer | a comma in [ ] parts an action in two; give each action a line of its own'],
  },
  {
    what: 'a missing argument',
    yaml: 'id: a\non:\n  no_answer: retry(max=3)\n',
    faults: ['3:14 on.no_answer | retry needs its delay'],
  },
  {
    what: 'a misspelt argument',
    yaml: 'id: a\non:\n  no_answer: retry(15m, mx=3)\n',
    faults: ['3:25 on.no_answer | retry has no "mx"; did you mean "max"? -> max'],
  },
  {
    what: 'an argument without its name',
    yaml: 'id: a\non:\n  no_answer: retry(15m, 3)\n',
    faults: ['3:25 on.no_answer | name this argument of retry: max, backoff'],
  },
  {
    what: 'too many attempts',
    yaml: 'id: a\non:\n  no_answer: retry(15m, max=99)\n',
    faults: ['3:14 on.no_answer | "on.no_answer": max at most 10'],
  },
  {
    what: 'an unknown back-off',
    yaml: 'id: a\non:\n  no_answer: retry(15m, backoff=fix)\n',
    faults: ['3:33 on.no_answer | backoff is exponential or fixed'],
  },
  {
    what: 'a calendar without its word',
    yaml: 'id: a\non:\n  qualified: book(mehmet)\n',
    faults: ['3:19 on.qualified | a calendar is named as calendar.NAME -> calendar.mehmet'],
  },
  {
    what: 'two retries',
    yaml: 'id: a\non:\n  no_answer: retry(5m) retry(15m)\n',
    faults: ['3:24 on.no_answer | retry is given twice'],
  },
  {
    what: 'a quotation mark inside actions',
    yaml: 'id: a\non:\n  not_fit: log("out\n',
    faults: ['3:16 on.not_fit | a quotation mark is not closed'],
  },
  {
    what: 'a greeting that hides the AI',
    yaml: 'id: a\ncall:\n  record: true\nagent:\n  greeting: Hi {name}! This is Ada from {business}.\n',
    faults: [
      '5:13 agent.greeting | the first sentence of the greeting must say that an AI is speaking, and that the call is recorded',
    ],
  },
  {
    what: 'several faults at once',
    yaml: 'id: A\nmatch:\n  sorce: x\ncall:\n  within: soon\n  idle: 1s\non:\n  qualified: bok(calendar.mehmet)\n  no_answer: retry(15x)\n',
    faults: [
      '1:5 id | "id": lower-case letters, digits and _, beginning with a letter',
      '3:3 match.sorce | unknown key "sorce"; did you mean "source"? -> source',
      '5:11 call.within | "soon" is not a duration; write one such as 60s, 15m or 2h',
      '6:9 call.idle | "call.idle": at least 3 s',
      '8:14 on.qualified | unknown action "bok"; did you mean "book"? -> book',
      '9:20 on.no_answer | "15x" is not a duration; write one such as 60s, 15m or 2h',
    ],
  },
]
