import type { Invocation } from './invocation.ts'

export interface OptionRow {
  /** As commander writes them: `--limit <n>`. */
  flags: string
  help: string
  default?: string
  choices?: readonly string[]
  /** May be given several times. */
  many?: boolean
  required?: boolean
}

export interface CommandRow {
  /** Its words: `lead create`. */
  name: string
  /** As commander writes them: `<id>`, `[dir]`, `<phone...>`. */
  args?: string
  /** One line. */
  help: string
  options?: OptionRow[]
  /** Further options, known to the contract; read when the command itself is asked for. */
  contract?: () => Promise<OptionRow[]>
  /** What it asks of the server; absent where it works on this machine alone. */
  route?: string
  /** What the word is for that holds choices, for completion. */
  argChoices?: readonly string[]
  /** Loads what it needs. The server behind some of them takes a second to load, so nothing is loaded before. */
  load(): Promise<Run>
}

/** Answers the exit status, 0 unless it says another. */
export type Run = (it: Invocation<never, never>) => Promise<unknown>

export interface Group {
  heading: string
  commands: CommandRow[]
}

const yes: OptionRow = { flags: '-y, --yes', help: 'do not ask before changing anything' }
const limit: OptionRow = { flags: '--limit <n>', help: 'how many, at most 100', default: '20' }
const cursor: OptionRow = { flags: '--cursor <cursor>', help: 'go on after the page that named it' }
const country: OptionRow = { flags: '--country <code>', help: 'of numbers in national spelling, e.g. TR' }
// The contract's own words, which are not loaded for each command; a test holds them to it.
const STATUSES = ['queued', 'held', 'dialing', 'in_progress', 'retry_scheduled', 'completed', 'cancelled']
const OUTCOMES = ['booked', 'qualified', 'no_answer', 'not_fit', 'wrong_number']
const SCOPES = [
  ...['leads:write', 'calls:read', 'flows:write', 'flows:read', 'numbers:read', 'handoffs:write'],
  'workspace:admin',
]
const flowFiles = '[dir]'

/** Options of every command. */
export const globalOptions: OptionRow[] = [
  { flags: '--json', help: 'print JSON, errors too' },
  { flags: '--url <url>', help: 'of the Talkif server; TALKIF_URL, else that of `talkif dev`' },
  { flags: '--key <key>', help: 'API key; better in TALKIF_KEY, where other users of the machine cannot read it' },
  { flags: '--no-color', help: 'no colours; also NO_COLOR. FORCE_COLOR=1 asks for them where there is no terminal' },
]

const run: CommandRow[] = [
  {
    name: 'dev',
    help: 'start everything on this machine: database, demo workspace, sandbox phone network, one demo call',
    load: async () => (await import('./commands/run.ts')).runDev,
  },
  {
    name: 'serve',
    help: 'run the server; its configuration is in the environment (see docs/operating.md)',
    options: [
      {
        flags: '--role <roles>',
        help: 'what this process does: api, worker, media, or several separated by commas',
        default: 'api,worker,media',
      },
    ],
    load: async () => (await import('./commands/run.ts')).runServe,
  },
  {
    name: 'worker',
    help: 'run the server without its API: `serve --role worker,media`',
    load: async () => (await import('./commands/run.ts')).runWorker,
  },
  {
    name: 'doctor',
    help: 'check configuration, database, carrier, server and webhooks; each finding with its mend',
    route: 'GET /readyz, GET /openapi.json, GET /workspace, GET /workspace/dead-letters',
    load: async () => (await import('./commands/doctor.ts')).doctor,
  },
]

const flows: CommandRow[] = [
  {
    name: 'deploy',
    args: flowFiles,
    help: 'apply talkif.yaml and every flow of a folder (flows, else this one), after showing what changes',
    options: [
      yes,
      { flags: '--dry-run', help: 'only show what would change; exit status 2 when anything would' },
      { flags: '--prune', help: 'retire the flows of the server that the folder does not have' },
    ],
    route: 'POST /workspace/deploy',
    load: async () => (await import('./commands/deploy.ts')).deploy,
  },
  {
    name: 'diff',
    args: '[what] [from] [to]',
    help: 'show what a deploy of a folder would change (exit status 2 when anything would), or, given the id of a flow, what changed from one of its versions to another, the current one unless said',
    route: 'POST /workspace/deploy, GET /workspace/flows/{id}/versions/{version}',
    load: async () => (await import('./commands/deploy.ts')).diff,
  },
  {
    name: 'rollback',
    args: '<flow> [version]',
    help: 'let new leads get an older version of a flow, the one before unless said',
    options: [yes],
    route: 'GET /workspace/flows/{id}/versions/{version}, POST /workspace/flows/{id}/rollback',
    load: async () => (await import('./commands/rollback.ts')).rollback,
  },
  {
    name: 'validate',
    args: '[path...]',
    help: 'check flow files and talkif.yaml without a server: every fault with its line',
    load: async () => (await import('./commands/validate.ts')).validate,
  },
  {
    name: 'route',
    args: '<lead>',
    help: 'say which flow a lead would get and why no other; the lead is a JSON file, - for stdin',
    options: [
      { flags: '--dir <dir>', help: 'of the flow files; flows, else this folder, when not given' },
      { flags: '--remote', help: 'ask the server, by the flows deployed there' },
    ],
    route: 'POST /workspace/route (with --remote)',
    load: async () => (await import('./commands/route.ts')).route,
  },
  {
    name: 'simulate',
    args: '[path...]',
    help: 'call the sandbox people and your own personas with flows, on a server of its own, and judge what comes',
    options: [
      { flags: '--person <name>', help: 'only this one, of the sandbox or a persona; several times', many: true },
      { flags: '--personas <file>', help: 'of one flow; simulations/<flow file> beside it when not given' },
      { flags: '--junit <file>', help: 'write JUnit XML there, for CI' },
      { flags: '--pace <times>', help: 'how many times faster than life conversations run', default: '12' },
    ],
    load: async () => (await import('./commands/simulate.ts')).simulate,
  },
]

const calls: CommandRow[] = [
  {
    name: 'lead create',
    help: 'create a lead: call a person (with a test key: one of the sandbox)',
    options: [
      { flags: '-f, --file <file>', help: 'the lead as JSON, - for stdin; options given beside it win' },
      { flags: '--wait', help: 'wait until the call is over and show it' },
      { flags: '--idempotency-key <key>', help: 'a repeat with the same key and lead gets the same answer' },
    ],
    contract: async () => (await import('./commands/lead-options.ts')).leadOptions(),
    route: 'POST /v1/leads, GET /v1/calls/{id}',
    load: async () => (await import('./commands/lead.ts')).createLead,
  },
  {
    name: 'call get',
    args: '<id>',
    help: 'show a call: outcome, answers, attempts',
    options: [
      { flags: '--wait [seconds]', help: 'wait until the call is over, with a number for so long at most' },
      { flags: '--transcript', help: 'what was said, too' },
    ],
    route: 'GET /v1/calls/{id}',
    load: async () => (await import('./commands/call.ts')).getCall,
  },
  {
    name: 'calls',
    help: 'list calls, newest first',
    options: [
      { flags: '--status <status>', help: 'only with this status', choices: STATUSES },
      { flags: '--outcome <outcome>', help: 'only with this outcome', choices: OUTCOMES },
      { flags: '--flow <id>', help: 'only of this flow' },
      { flags: '--phone <phone>', help: 'only to this number' },
      limit,
      cursor,
    ],
    route: 'GET /workspace/calls',
    load: async () => (await import('./commands/calls.ts')).calls,
  },
  {
    name: 'trace',
    args: '<call>',
    help: 'show the milestones of a call, each with the time since the one before',
    options: [{ flags: '--watch', help: 'go on until the call is over' }],
    route: 'GET /v1/calls/{id}?include=trace',
    load: async () => (await import('./commands/trace.ts')).trace,
  },
  {
    name: 'sandbox',
    help: 'list the people of the sandbox phone network, whom a test key calls',
    load: async () => (await import('./commands/sandbox.ts')).people,
  },
  {
    name: 'sandbox clock',
    args: '[time]',
    help: 'show or set the time of day where the sandbox people are: 09:00, or 2026-05-26T15:04:11+03:00',
    options: [
      { flags: '--pace <times>', help: 'how many times faster than life conversations run' },
      { flags: '--waits <times>', help: 'how many times faster than life ringing, holds and retries pass' },
    ],
    route: 'GET /workspace, PUT /workspace',
    load: async () => (await import('./commands/sandbox.ts')).clock,
  },
  {
    name: 'sandbox messages',
    help: 'list the messages that the sandbox received and sent (with a live key: those of the carrier)',
    options: [limit, cursor],
    route: 'GET /workspace/messages',
    load: async () => (await import('./commands/sandbox.ts')).messages,
  },
]

const workspace: CommandRow[] = [
  {
    name: 'keys create',
    help: 'make an API key; it is shown once',
    options: [
      {
        flags: '--mode <mode>',
        help: 'test calls sandbox people, live real ones',
        choices: ['test', 'live'],
        default: 'test',
      },
      {
        flags: '--scope <scope>',
        help: 'what it may do, several times; all but workspace:admin when not given',
        choices: SCOPES,
        many: true,
      },
    ],
    route: 'POST /workspace/keys',
    load: async () => (await import('./commands/keys.ts')).createKey,
  },
  {
    name: 'keys revoke',
    args: '<id>',
    help: 'end a key at once',
    options: [yes],
    route: 'DELETE /workspace/keys/{id}',
    load: async () => (await import('./commands/keys.ts')).revokeKey,
  },
  {
    name: 'keys list',
    help: 'list the keys of the workspace by their last letters',
    route: 'GET /workspace/keys',
    load: async () => (await import('./commands/keys.ts')).listKeys,
  },
  {
    name: 'numbers add',
    args: '<phone>',
    help: 'add an outbound number of the carrier account, for live calls',
    options: [
      { flags: '--label <label>', help: 'your name for it' },
      { flags: '--country <code>', help: 'of a number in national spelling, e.g. TR' },
    ],
    route: 'POST /workspace/numbers',
    load: async () => (await import('./commands/numbers.ts')).addNumber,
  },
  {
    name: 'numbers list',
    help: 'list the numbers that calls are placed from, with this key and with a live one',
    route: 'GET /v1/numbers, GET /workspace/numbers',
    load: async () => (await import('./commands/numbers.ts')).listNumbers,
  },
  {
    name: 'dnc add',
    args: '<phone...>',
    help: 'never call these numbers again; with a live key that is permanent',
    options: [country],
    route: 'POST /workspace/dnc',
    load: async () => (await import('./commands/dnc.ts')).add,
  },
  {
    name: 'dnc remove',
    args: '<phone>',
    help: 'take a number off the do-not-call list of test calls; live entries are permanent',
    options: [country],
    route: 'DELETE /workspace/dnc/{phone}',
    load: async () => (await import('./commands/dnc.ts')).remove,
  },
  {
    name: 'dnc import',
    args: '<file>',
    help: 'add the numbers of a CSV file, - for stdin; each row is answered',
    options: [country],
    route: 'POST /workspace/dnc',
    load: async () => (await import('./commands/dnc.ts')).importFile,
  },
  {
    name: 'dnc export',
    help: 'print the do-not-call list: JSON, CSV, or the flat form of the US registry',
    options: [
      { flags: '--format <format>', help: 'of the list', choices: ['csv', 'json', 'ftc'], default: 'csv' },
      { flags: '-o, --output <file>', help: 'where to, instead of stdout' },
    ],
    route: 'GET /workspace/dnc',
    load: async () => (await import('./commands/dnc.ts')).exportList,
  },
  {
    name: 'webhooks list',
    help: 'list webhook endpoints, and what could not be delivered to them',
    route: 'GET /workspace, GET /workspace/dead-letters',
    load: async () => (await import('./commands/webhooks.ts')).list,
  },
  {
    name: 'webhooks test',
    args: '<endpoint>',
    help: 'post a signed example event to an endpoint (its id, name or URL) and show what it answered',
    route: 'POST /workspace/webhooks/{id}/test',
    load: async () => (await import('./commands/webhooks.ts')).test,
  },
  {
    name: 'webhooks resend',
    args: '<delivery>',
    help: 'deliver once more what was given up; `webhooks list` shows the ids',
    route: 'POST /workspace/deliveries/{id}/resend',
    load: async () => (await import('./commands/webhooks.ts')).resend,
  },
  {
    name: 'webhooks rotate',
    args: '<endpoint>',
    help: 'give an endpoint a new secret; for a day both sign',
    options: [yes],
    route: 'POST /workspace/webhooks/{id}/rotate',
    load: async () => (await import('./commands/webhooks.ts')).rotate,
  },
  {
    name: 'webhooks recover',
    args: '<endpoint>',
    help: 'send an endpoint whatever it did not get since a time',
    options: [
      {
        flags: '--since <time>',
        help: 'RFC 3339, e.g. 2026-05-26T15:04:11Z, or so long ago: 30m, 6h, 2d',
        required: true,
      },
    ],
    route: 'POST /workspace/webhooks/{id}/recover',
    load: async () => (await import('./commands/webhooks.ts')).recover,
  },
]

const tools: CommandRow[] = [
  {
    name: 'mcp',
    help: 'serve the tools to an agent over stdin and stdout (MCP); the work is done by the server at --url',
    options: [{ flags: '--readonly', help: 'offer only the tools that change nothing' }],
    route: 'POST /mcp and the eight operations',
    load: async () => (await import('./commands/mcp.ts')).mcp,
  },
  {
    name: 'completion',
    args: '<shell>',
    argChoices: ['bash', 'zsh'],
    help: 'print completions for bash or zsh',
    load: async () => (await import('./commands/completion.ts')).completionOf(groups, globalOptions),
  },
]

/** Every command there is. The command line, its completions and its page in the docs are made from it. */
export const groups: Group[] = [
  { heading: 'Run', commands: run },
  { heading: 'Flows as code', commands: flows },
  { heading: 'Calls', commands: calls },
  { heading: 'Workspace', commands: workspace },
  { heading: 'Tools', commands: tools },
]

/** What the words are about that only hold further commands. */
export const families: Record<string, string> = {
  lead: 'create leads',
  call: 'look at one call',
  keys: 'make, list and revoke API keys',
  numbers: 'outbound numbers',
  dnc: 'the do-not-call list',
  webhooks: 'endpoints and deliveries',
}
