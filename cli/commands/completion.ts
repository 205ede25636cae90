import type { Invocation } from '../invocation.ts'
import type { CommandRow, Group, OptionRow } from '../table.ts'

interface Word {
  word: string
  help: string
}

/** After some words of a command, what may come next. */
interface Step {
  /** `lead create`; empty at the beginning. */
  after: string
  next: Word[]
}

/** `talkif completion`: a script for the shell, made from the table of commands, which it is handed: the table loads it. */
export function completionOf(groups: Group[], globalOptions: OptionRow[]) {
  const rows = groups.flatMap(({ commands }) => commands)
  return async ({ args, out }: Invocation<object, [shell: 'bash' | 'zsh']>): Promise<void> => {
    const [shell] = args
    const script = { bash, zsh }[shell](await stepsOf(rows, globalOptions), choicesOf(rows))
    out.show({ shell, script }, () => [script.trimEnd()])
  }
}

async function stepsOf(rows: CommandRow[], globalOptions: OptionRow[]): Promise<Step[]> {
  const found = new Map<string, Word[]>([['', [...globalOptions.map(wordOf), { word: '--version', help: 'print it' }]]])
  for (const row of rows) {
    const names = row.name.split(' ')
    for (const [at, word] of names.entries()) {
      const after = names.slice(0, at).join(' ')
      const known = found.get(after) ?? []
      const help = at === names.length - 1 ? row.help : `${word} …`
      if (!known.some((it) => it.word === word)) found.set(after, [...known, { word, help }])
    }
    const options = [...(row.options ?? []), ...((await row.contract?.()) ?? []), ...globalOptions]
    const words = (row.argChoices ?? []).map((word) => ({ word, help: '' }))
    found.set(row.name, [...(found.get(row.name) ?? []), ...words, ...options.map(wordOf)])
  }
  return [...found].map(([after, next]) => ({ after, next: [...next, { word: '--help', help: 'how it is used' }] }))
}

const wordOf = ({ flags, help }: OptionRow): Word => ({ word: /--[\w-]+/.exec(flags)![0], help })

/** What may follow an option that has choices: `--format` → csv json ftc. */
const choicesOf = (rows: CommandRow[]): [option: string, choices: readonly string[]][] =>
  rows.flatMap(({ options = [] }) =>
    options.flatMap((row): [string, readonly string[]][] => (row.choices ? [[wordOf(row).word, row.choices]] : [])),
  )

/**
 * Compatible with bash 3.2, which macOS has. Where nothing of ours fits, files are offered (`-o default`).
 * @see https://www.gnu.org/software/bash/manual/html_node/Programmable-Completion.html
 */
const bash = (steps: Step[], choices: [string, readonly string[]][]): string => `# talkif completion bash
_talkif() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" at="" word
  case "$before" in
${choices.map(([option, words]) => `    ${option}) COMPREPLY=($(compgen -W "${words.join(' ')}" -- "$current")); return ;;`).join('\n')}
  esac
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$at $word" in
${steps.flatMap(({ after }) => (after ? [`      "${above(after)}") at="${` ${after}`}" ;;`] : [])).join('\n')}
    esac
  done
  case "$at" in
${steps.map(({ after, next }) => `    "${after && ` ${after}`}") COMPREPLY=($(compgen -W "${next.map(({ word }) => word).join(' ')}" -- "$current")) ;;`).join('\n')}
  esac
}
complete -o default -F _talkif talkif
`

const above = (path: string): string => ` ${path}`

/** @see https://zsh.sourceforge.io/Doc/Release/Completion-System.html */
const zsh = (steps: Step[], choices: [string, readonly string[]][]): string => `#compdef talkif
_talkif() {
  local at="" word
  local -a next
  case "\${words[CURRENT-1]}" in
${choices.map(([option, words]) => `    ${option}) compadd -- ${words.join(' ')}; return ;;`).join('\n')}
  esac
  for word in "\${(@)words[2,CURRENT-1]}"; do
    case "$at $word" in
${steps.flatMap(({ after }) => (after ? [`      "${above(after)}") at=" ${after}" ;;`] : [])).join('\n')}
    esac
  done
  case "$at" in
${steps.map(({ after, next }) => `    "${after && ` ${after}`}") next=(${next.map(described).join(' ')}) ;;`).join('\n')}
  esac
  _describe -t commands talkif next || _files
}
if [ "$funcstack[1]" = "_talkif" ]; then _talkif "$@"; else compdef _talkif talkif; fi
`

/** `word:help` in quotes, as `_describe` takes it. */
const described = ({ word, help }: Word): string => `'${word}:${help.replaceAll("'", "'\\''").replaceAll(':', '\\:')}'`
