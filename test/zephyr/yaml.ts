/** YAML as the module's files have it: maps, lists, scalars; everything else is an error that names the line. */

export type Yaml = string | number | boolean | Yaml[] | { [key: string]: Yaml };

interface Line {
  number: number;
  indent: number;
  text: string;
}

/** Throws at tabs, anchors, flow collections, block scalars, double keys and uneven indentation. */
export function parseYaml(source: string, name: string): Yaml {
  const lines = source
    .split('\n')
    .map((text, i): Line => ({ number: i + 1, indent: text.search(/\S|$/), text: text.trim() }))
    .filter(({ text }) => text !== '' && !text.startsWith('#'));
  const fail = (line: Line, what: string): never => {
    throw new Error(`${name}:${line.number}: ${what}: ${line.text}`);
  };
  const take = (indent: number): Yaml => {
    const isList = lines[0].text.startsWith('- ');
    const list: Yaml[] = [];
    const map: { [key: string]: Yaml } = {};
    while (lines.length > 0 && lines[0].indent >= indent) {
      const line = lines.shift()!;
      if (line.indent !== indent) fail(line, 'uneven indentation');
      if (isList) {
        if (!line.text.startsWith('- ')) fail(line, 'expected an item of the list');
        const item = line.text.slice(2);
        if (/^[\w-]+:( |$)/.test(item)) {
          lines.unshift({ ...line, indent: indent + 2, text: item });
          list.push(take(indent + 2));
        } else list.push(scalar(item, line, fail));
        continue;
      }
      const [, key, value] = /^([A-Za-z0-9_.-]+):(?: +(.*))?$/.exec(line.text) ?? fail(line, 'expected "key: value"');
      if (key in map) fail(line, 'key given twice');
      if (value !== undefined) map[key] = scalar(value, line, fail);
      else if (lines.length > 0 && lines[0].indent > indent) map[key] = take(lines[0].indent);
      else fail(line, 'expected a value');
    }
    return isList ? list : map;
  };
  if (source.includes('\t')) throw new Error(`${name}: a tab`);
  return take(0);
}

function scalar(text: string, line: Line, fail: (line: Line, what: string) => never): Yaml {
  if (/^"[^"\\]*"$/.test(text)) return text.slice(1, -1);
  if (/^(true|false)$/.test(text)) return text === 'true';
  if (/^\d+$/.test(text)) return Number(text);
  // what YAML reads otherwise than it looks: yes and no, comments, maps, references
  if (/^(yes|no|on|off|null|~)$/i.test(text) || /^[[\]{}&*!|>'%@`"]|: | #/.test(text)) fail(line, 'expected a scalar');
  return text;
}
