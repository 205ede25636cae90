import { Argument, Command, CommanderError, InvalidArgumentError, Option } from 'commander'
import { version } from '../runtime/version.ts'
import { CommandError, failureLines, failureOf } from './failure.ts'
import { type GlobalOptions, type Invocation, server, status } from './invocation.ts'
import { openOutput, paintFor } from './output.ts'
import { type CommandRow, families, globalOptions, groups, type OptionRow } from './table.ts'

/** Runs what was typed. What is no command is told as every other failure is. */
export async function talkif(words: string[]): Promise<void> {
  const program = await declared(words)
  try {
    await program.parseAsync(words.length ? words : ['--help'], { from: 'user' })
  } catch (error) {
    // Of a command line that cannot be read, the options were not read either.
    tell(error, { json: words.includes('--json'), color: !words.includes('--no-color') })
  }
}

/** The command line as its table says it. @param words what was typed, so that only the command meant is read whole. */
async function declared(words: string[]): Promise<Command> {
  const program = strict(new Command('talkif'))
    .description('Wire a lead event, Talkif dials it.')
    .version(version)
    .configureHelp({ showGlobalOptions: true })
    .addHelpText('after', AFTER)
  for (const row of globalOptions) program.addOption(optionOf(row))
  for (const { heading, commands } of groups) {
    program.commandsGroup(`${heading}:`)
    for (const row of commands) await declare(program, row, words)
  }
  program.commandsGroup('Help:').helpCommand('help [command]')
  return program
}

const AFTER = `
Exit status: 0 done, 1 failed, 2 changes (deploy --dry-run, diff).
Commands that ask a server take it from --url and --key, else TALKIF_URL and TALKIF_KEY, else the \`talkif dev\` of this folder.`

async function declare(program: Command, row: CommandRow, words: string[]): Promise<void> {
  const names = row.name.split(' ')
  const command = names.reduce((above, name) => childOf(above, name), program).description(row.help)
  for (const word of row.args?.split(' ') ?? []) command.addArgument(argumentOf(word, row.argChoices))
  const isMeant = names.every((name) => words.includes(name))
  const more = isMeant && row.contract ? await row.contract() : []
  for (const option of [...(row.options ?? []), ...more]) command.addOption(optionOf(option))
  if (row.route) command.addHelpText('after', `\nRoute: ${row.route}`)
  command.action((...given) => run(row, command, given.slice(0, -2)))
}

function childOf(above: Command, name: string): Command {
  const known = above.commands.find((it) => it.name() === name)
  if (known) return known
  const child = strict(above.command(name))
  if (families[name]) child.description(families[name])
  return child
}

/** Its own words about misuse go to nobody: they are thrown, and told by {@link tell}. */
const strict = (command: Command): Command =>
  command.configureOutput({ writeErr: () => {}, outputError: () => {} }).exitOverride((ended) => {
    throw ended.exitCode === 0 ? ended : misuse(ended, command)
  })

function misuse({ code, message }: CommanderError, command: Command): CommandError {
  const names: string[] = []
  for (let at: Command | null = command; at; at = at.parent) names.unshift(at.name())
  const words = names.join(' ')
  // What it answers to a family without its second word.
  if (code === 'commander.help')
    return new CommandError(
      `${words} needs one more word: ${command.commands.map((it) => it.name()).join(', ')}.`,
      `See \`${words} --help\`.`,
    )
  const [what = '', meant] = message.replace(/^error: /, '').split(/\n\((.*)\)$/)
  const detail = `${what.charAt(0).toUpperCase()}${what.slice(1)}`
  return new CommandError(
    detail.endsWith('.') ? detail : `${detail}.`,
    [meant, `See \`${words} --help\`.`].filter(Boolean).join(' '),
  )
}

function argumentOf(word: string, choices?: readonly string[]): Argument {
  const argument = new Argument(word)
  return choices ? argument.choices(choices) : argument
}

function optionOf({ flags, help, default: unset, choices, many, required }: OptionRow): Option {
  const option = new Option(flags, help)
  if (unset !== undefined) option.default(unset)
  if (choices) option.choices(choices)
  if (required) option.makeOptionMandatory()
  if (many)
    option.argParser((value: string, before: string[] = []) => {
      if (choices && !choices.includes(value))
        throw new InvalidArgumentError(`Allowed choices are ${choices.join(', ')}.`)
      return [...before, value]
    })
  return option
}

/** Runs a command. What it throws is told as what happened and what to do next, and ends it with status 1. */
async function run(row: CommandRow, command: Command, args: unknown[]): Promise<void> {
  const options = command.optsWithGlobals<GlobalOptions>()
  const out = openOutput(options)
  try {
    const action = await row.load()
    const ended = await action({ args, options, out, server: server(options) } as Invocation<never, never>)
    if (typeof ended === 'number') process.exitCode = ended
  } catch (error) {
    tell(error, options, longFlags(command))
  }
}

const longFlags = ({ options }: Command): string[] => options.flatMap(({ long }) => long ?? [])

/** What went wrong and what to do next, on stderr; the status is 1 then. */
function tell(error: unknown, options: GlobalOptions, flags: string[] = []): void {
  if (error instanceof CommanderError) return
  const { isJson, warn } = openOutput(options)
  const failure = failureOf(error)
  if (isJson) warn(JSON.stringify({ error: failure }, null, 2))
  else for (const line of failureLines(failure, paintFor(process.stderr, options), flags)) warn(line)
  process.exitCode = status.failed
}
