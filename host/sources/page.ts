/** docs/sources.md: every kind of weight source, its code, the fields of its records and what it takes of an image. */
import * as F from '../../assembly/format.ts';
import { SOURCES } from './registry.ts';
import type { RecordField, SourceDoc } from './source.ts';

const OFFSETS: Record<string, number> = { ...F };

/** The whole page. */
export function sourcesPage(): string {
  const kinds = Object.entries(SOURCES).sort(([, a], [, b]) => a.code - b.code);
  const index = kinds.map(([name, { code, doc }]) => `| [${name}](#${name}) | ${code} | ${counted(doc)} |`);
  const sections = kinds.map(([name, { code, doc }]) => section(name, code, doc));
  return `# Weight sources

What the weights of an operator can be made of. Records and encodings are those of the [format](format.md); here stands
what each kind makes of them. A field that a kind does not name is 0 in its records, or means the same for all.
The page is made of what the files of \`host/sources/\` say of themselves.

| kind | code | bytes in WEIGHTS |
| ---- | ---- | ---------------- |
${index.join('\n')}

${sections.join('\n')}`;
}

/** The bytes of a kind in a few words. */
function counted({ bytes }: SourceDoc): string {
  return Object.keys(bytes).join(', ');
}

function section(name: string, code: number, { rows, formulas, fields, bytes }: SourceDoc): string {
  const names = Object.keys(OFFSETS).filter((field): field is RecordField => field in fields);
  return `## ${name}

${wrapped(`Kind ${code}. ${rows}`)}

\`\`\`
${formulas.join('\n')}
\`\`\`

| field | offset | meaning |
| ----- | ------ | ------- |
${names.map((field) => `| \`${field}\` | ${OFFSETS[field]} | ${fields[field]} |`).join('\n')}

${Object.entries(bytes)
  .map(([what, count]) => `- ${what}: ${count}`)
  .join('\n')}
`;
}

const COLUMNS = 120;

/** Prose in lines. */
function wrapped(text: string): string {
  return text.split(' ').reduce((lines, word) => {
    const line = lines.slice(lines.lastIndexOf('\n') + 1);
    return `${lines}${line.length + 1 + word.length > COLUMNS ? '\n' : ' '}${word}`;
  });
}
