/** What every model card has: tables of bytes and of figures with their intervals, and what these call for. */
import { basename } from 'node:path';
import type { Split } from '../data/part.ts';
import { countClasses } from '../data/windows.ts';
import { summaryOf } from '../evaluate/table.ts';
import { counted } from '../system/counted.ts';
import { type Measured, type Parts, REPORTED } from './measure.ts';

export const titleOf = (path: string): string => basename(path, '.htpw');

/** Splits that a program was judged by. */
export const reportedOf = ({ results }: Measured): Split[] => REPORTED.filter((split) => results[split]);

/** Bytes by what they are for, a column for each image. */
export function bytesTable(images: readonly Measured[]): string {
  const grouped = (bytes: number): string => bytes.toLocaleString('en-US');
  return tableOf(
    ['category', ...images.map(({ path }) => titleOf(path))],
    [
      ...Object.keys(Object.assign({}, ...images.map(({ categories }) => categories))).map((category) => [
        category,
        ...images.map(({ categories }) => grouped(categories[category] ?? 0)),
      ]),
      ['**image**', ...images.map(({ bytes }) => `**${grouped(bytes)}**`)],
      ['arena (RAM)', ...images.map(({ arenaBytes }) => grouped(arenaBytes))],
    ],
  );
}

/** Records and windows of each class, split by split. */
export const countsTable = (parts: Parts, classNames: readonly string[]): string =>
  tableOf(
    ['split', 'records', ...classNames],
    Object.entries(parts).map(([split, part]) => [
      split,
      String(new Set(part.records).size),
      ...countClasses(part).map((n) => n.toLocaleString('en-US')),
    ]),
  );

/** What the intervals and splits of the tables are, as a sentence or two. */
export const readingOf = (group: string, hasLater: boolean): string =>
  `Value, and 95 % interval from resampling ${group}s.${
    hasLater
      ? ` *Later* is time of the training ${group}s behind what was trained on: how much\nfunction the bytes hold.`
      : ''
  } *Test* is what nothing was learned from or chosen by.`;

/** Figures of a split, a column for each of the measured programs; `more` are further rows. */
export function splitSection(measured: readonly Measured[], split: Split, more: readonly string[][] = []): string {
  const { n, groups, unit, group } = measured[0]!.results[split]!;
  const title = split === 'later' ? `Later ${unit}s of the training ${group}s` : 'Test';
  const rows = summaryOf(measured[0]!.results[split]!).map(([label], i) => [
    label,
    ...measured.map(({ results }) => interval(summaryOf(results[split]!)[i]?.[1])),
  ]);
  return `### ${title} (${counted(n, unit)}, ${counted(groups, group)})

${tableOf(['', ...measured.map(({ path }) => titleOf(path))], [...rows, ...more])}`;
}

/** What the figures themselves call for. */
export function caveatsOf({ results }: Measured, { train, validation, test }: Parts): string[] {
  const { versusRest, unit, group } = results.test!;
  const known = new Set([train, validation].flatMap((part) => part?.groups ?? []));
  const shared = [...new Set(test!.groups)].filter((name) => known.has(name));
  return [
    ...(versusRest
      ? [
          `t* for ${versusRest.class} against the rest (${fixed(versusRest.threshold)}) was chosen on the validation ` +
            `${unit}s and is brittle; so was everything else that was chosen.`,
        ]
      : []),
    shared.length === 0
      ? `No ${group} of the test split was trained or validated on.`
      : `Each ${group} of these in the test split was trained or validated on: ${shared.join(', ')}.`,
  ];
}

export const listOf = (sentences: readonly string[]): string =>
  sentences.map((sentence) => wrapped(`* ${sentence}`, '  ')).join('\n');

/** Lines of at most 120 characters; all but the first begin with `indent`. */
export function wrapped(text: string, indent = ''): string {
  const lines: string[] = [];
  for (const word of text.split(' ')) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + 1 + word.length <= 120) lines[lines.length - 1] = `${last} ${word}`;
    else lines.push(last === undefined ? word : indent + word);
  }
  return lines.join('\n');
}

export function interval(i: { value: number; low: number; high: number } | undefined): string {
  return i ? `${fixed(i.value)} (${fixed(i.low)} to ${fixed(i.high)})` : '';
}

/** Three decimals; what is undefined is a dash. */
export function fixed(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(3);
}

export function tableOf(head: string[], rows: string[][]): string {
  const line = (cells: string[]) => `| ${cells.join(' | ')} |`;
  return [line(head), line(head.map((_, i) => (i === 0 ? '---' : '---:'))), ...rows.map(line)].join('\n').concat('\n');
}
