/** htpw completion: what a shell completes, out of the verbs and options that the program itself has. */
import type { Command, Option } from 'commander';
import { boardNames } from '../boards/board.ts';
import { choicesOf, oneOf } from './options.ts';
import { print, UsageError } from './verb.ts';

const SHELLS = ['bash', 'zsh', 'fish'] as const;
type Shell = (typeof SHELLS)[number];

/** A verb, an option of it, and what may follow the option. */
interface Verb {
  name: string;
  summary: string;
  options: { names: string[]; description: string; takesValue: boolean; values: readonly string[] }[];
}

export function completionVerb(program: Command): void {
  program
    .command('completion <shell>')
    .summary('completion of verbs and options for bash, zsh or fish')
    .description(
      'Print a script that makes the shell complete verbs, options and the values that options have names for.',
    )
    .option('--json', 'machine-readable result: every verb with its options')
    .addHelpText(
      'after',
      '\nExamples:\n  htpw completion zsh > ~/.zfunc/_htpw\n  htpw completion fish > ~/.config/fish/completions/htpw.fish\n  source <(htpw completion bash)',
    )
    .action((shell: string, { json }: { json?: boolean }) => {
      const known = oneOf(SHELLS).read(shell);
      if (known === undefined) throw new UsageError(`completion: expected ${SHELLS.join(', ')}, got "${shell}"`);
      const verbs = verbsOf(program);
      print(json, { shell: known, verbs }, () => SCRIPTS[known](verbs));
    });
}

function verbsOf(program: Command): Verb[] {
  return program.commands.map((command) => ({
    name: command.name(),
    summary: command.summary(),
    options: command.options.map((option) => ({
      names: [option.short, option.long].filter((name) => name !== undefined),
      description: option.description,
      takesValue: option.required || option.optional,
      values: valuesOf(option),
    })),
  }));
}

const valuesOf = (option: Option): readonly string[] => (option.long === '--board' ? boardNames() : choicesOf(option));

const SCRIPTS: Record<Shell, (verbs: readonly Verb[]) => string> = {
  bash: bashScript,
  zsh: zshScript,
  fish: fishScript,
};

const words = (all: readonly string[]): string => all.join(' ');
const optionsOf = ({ options }: Verb): string => words([...options.flatMap(({ names }) => names), '--help']);

/** The values of options by verb and option, as branches of a case. */
const branches = (verbs: readonly Verb[], line: (values: readonly string[]) => string): string[] =>
  verbs.flatMap(({ name, options }) =>
    options
      .filter(({ values }) => values.length > 0)
      .map(({ names, values }) => `    ${names.map((option) => `${name}:${option}`).join('|')}) ${line(values)} ;;`),
  );

function bashScript(verbs: readonly Verb[]): string {
  return `# bash completion of htpw
_htpw() {
  local current="\${COMP_WORDS[COMP_CWORD]}" before="\${COMP_WORDS[COMP_CWORD-1]}" verb="\${COMP_WORDS[1]}"
  COMPREPLY=()
  if [ "$COMP_CWORD" -eq 1 ]; then
    COMPREPLY=($(compgen -W "${words(verbs.map(({ name }) => name))} --help --version" -- "$current"))
    return
  fi
  case "$verb:$before" in
${branches(verbs, (values) => `COMPREPLY=($(compgen -W "${words(values)}" -- "$current")); return`).join('\n')}
  esac
  case "$current" in -*) ;; *) COMPREPLY=($(compgen -f -- "$current")); return ;; esac
  case "$verb" in
${verbs.map((verb) => `    ${verb.name}) COMPREPLY=($(compgen -W "${optionsOf(verb)}" -- "$current")) ;;`).join('\n')}
  esac
}
complete -o filenames -F _htpw htpw`;
}

/** As a word in single quotes. */
const quoted = (text: string): string => `'${text.replaceAll("'", "'\\''")}'`;

function zshScript(verbs: readonly Verb[]): string {
  const described = verbs.map(({ name, summary }) => quoted(`${name}:${summary.replaceAll(':', '\\:')}`));
  return `#compdef htpw
# zsh completion of htpw
_htpw() {
  local current="\${words[CURRENT]}" before="\${words[CURRENT-1]}" verb="\${words[2]}"
  if (( CURRENT == 2 )); then
    local -a verbs=(
${described.map((one) => `      ${one}`).join('\n')}
    )
    _describe verb verbs
    return
  fi
  case "$verb:$before" in
${branches(verbs, (values) => `compadd -- ${words(values)}; return`).join('\n')}
  esac
  if [[ "$current" != -* ]]; then _files; return; fi
  case "$verb" in
${verbs.map((verb) => `    ${verb.name}) compadd -- ${optionsOf(verb)} ;;`).join('\n')}
  esac
}
if [ "$funcstack[1]" = _htpw ]; then _htpw "$@"; else compdef _htpw htpw; fi`;
}

function fishScript(verbs: readonly Verb[]): string {
  const line = (condition: string, rest: string): string => `complete -c htpw -n ${quoted(condition)} ${rest}`;
  const fishQuoted = (text: string): string => `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
  return [
    '# fish completion of htpw',
    ...verbs.map(({ name, summary }) => line('__fish_use_subcommand', `-f -a ${name} -d ${fishQuoted(summary)}`)),
    ...verbs.flatMap(({ name, options }) =>
      options.map(({ names, description, takesValue, values }) => {
        const flags = names.map((option) =>
          option.startsWith('--') ? `-l ${option.slice(2)}` : `-s ${option.slice(1)}`,
        );
        const value = values.length > 0 ? `-x -a ${fishQuoted(words(values))}` : takesValue ? '-r' : '';
        return line(
          `__fish_seen_subcommand_from ${name}`,
          [...flags, value, '-d', fishQuoted(firstWords(description))].filter((part) => part !== '').join(' '),
        );
      }),
    ),
  ].join('\n');
}

/** Up to the first colon or semicolon: a menu has room for little. */
const firstWords = (description: string): string => description.split(/[:;]/)[0]!;
