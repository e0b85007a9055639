/** zephyr/Kconfig as data, by strict rules: what is not understood is an error that names the line. */

export interface Option {
  name: string;
  type: 'bool' | 'int' | 'string';
  /** null for an option that nobody sets by hand */
  prompt: string | null;
  /** "value" or "value if condition" */
  defaults: string[];
  depends: string | null;
  range: string | null;
  help: string;
  /** of a member: the choice */
  choice: string | null;
}

/** Options in order; a choice is listed as what it is followed by its members. */
export function parseKconfig(text: string): Option[] {
  const options: Option[] = [];
  let choice: Option | null = null;
  let current: Option | null = null;
  let help = false;
  for (const [i, line] of text.split('\n').entries()) {
    if (help && /^(\t {2}|$)/.test(line)) {
      current!.help = `${current!.help} ${line.trim()}`.trim();
      continue;
    }
    help = false;
    const words = line.trim();
    if (words === '' || words.startsWith('#') || /^(if HTPW|endif.*|module(-str)? = .*|source ".*")$/.test(words))
      continue;
    const begin = /^(menuconfig|config|choice) (HTPW\w*)$/.exec(line);
    if (begin) {
      const [, kind, name] = begin;
      const own: string | null = kind === 'config' && choice ? choice.name : null;
      current = { name, type: 'bool', prompt: null, defaults: [], depends: null, range: null, help: '', choice: own };
      if (kind === 'choice') choice = current;
      options.push(current);
    } else if (line === 'endchoice') choice = null;
    else if (!current || !setField(current, words)) throw new Error(`Kconfig:${i + 1}: not understood: ${line}`);
    else help = words === 'help';
  }
  return options;
}

function setField(option: Option, words: string): boolean {
  const [, field, rest = ''] = /^(bool|int|string|prompt|default|depends on|range|help)(?: (.*))?$/.exec(words) ?? [];
  const quoted = /^"(.*)"$/.exec(rest)?.[1] ?? null;
  if (field === 'bool' || field === 'int' || field === 'string') {
    option.type = field;
    option.prompt = quoted;
  } else if (field === 'prompt') option.prompt = quoted;
  else if (field === 'default') option.defaults.push(rest);
  else if (field === 'depends on') option.depends = rest;
  else if (field === 'range') option.range = rest;
  else return field === 'help';
  return true;
}

const isChoice = (option: Option, all: Option[]) => all.some(({ choice }) => choice === option.name);

/** The table of docs/zephyr.md. */
export function optionTable(options: Option[]): string {
  const rows = options
    .filter(({ prompt, choice }) => prompt !== null && choice === null)
    .map((option) => {
      const members = options.filter(({ choice }) => choice === option.name);
      const values = isChoice(option, options)
        ? members.map(({ name, prompt }) => `\`${name}\`: ${prompt}`).join('<br>')
        : [option.type, option.range?.replace(' ', ' to ')].filter(Boolean).join(', ');
      const fallback = option.defaults.map((value) => `\`${value}\``).join(', else ') || '`n`';
      const depends = option.depends ? ` Needs \`${option.depends}\`.` : '';
      return `| \`${option.name}\` | ${values} | ${fallback} | ${option.prompt}. ${option.help}${depends} |`;
    });
  return ['| option | values | default | meaning |', '| --- | --- | --- | --- |', ...rows].join('\n');
}
