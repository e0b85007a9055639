/** Evaluations as text. */
import { counted } from '../system/counted.ts';
import type { Interval } from './bootstrap.ts';
import type { Comparison } from './comparison.ts';
import type { Evaluation } from './evaluate.ts';

/** An evaluation as a plain-text table for people; notes come below its title. */
export function renderTable(evaluation: Evaluation, notes: readonly string[] = []): string {
  const { task, split, n, unit, group, perClass, confusion, versusRest, noThreshold, sharedGroups } = evaluation;
  const title = [task, split].filter((part) => part !== '').join(', ');
  const sections = [
    `${title === '' ? 'evaluation' : title}: ${counted(n, unit)}, ${counted(evaluation.groups, group)}`,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    grid([['', 'value', `95 % interval over ${group}s`], ...summaryRows(evaluation)]),
    grid([
      ['class', 'precision', 'recall', 'F1', `${unit}s`],
      ...perClass.map((c) => [c.name, number(c.precision), number(c.recall), number(c.f1), String(c.support)]),
    ]),
    grid([
      ['label \\ predicted', ...perClass.map((c) => c.name)],
      ...confusion.map((row, c) => [perClass[c].name, ...row.map(String)]),
    ]),
  ];
  if (versusRest) sections.push(`t* = ${versusRest.threshold.toFixed(3)}, chosen on the validation ${unit}s`);
  if (noThreshold) sections.push(`no figure at t*: ${noThreshold}`);
  if (sharedGroups.length > 0)
    sections.push(`warning: also among the validation ${unit}s: ${group} ${sharedGroups.join(', ')}`);
  return `${sections.join('\n\n')}\n`;
}

/** Two images on the same data, one metric a row. */
export function comparisonLines(first: string, second: string, { accuracy, macroF1, agreement }: Comparison): string {
  const row = (name: string, { first, second, difference }: Comparison['accuracy']): string[] => [
    name,
    number(first.value),
    number(second.value),
    signed(difference.value),
    `${signed(difference.low)} to ${signed(difference.high)}`,
  ];
  return [
    `${second} in place of ${first}: the same answer to ${(100 * agreement).toFixed(1)} %`,
    grid([
      ['', 'first', 'second', 'difference', '95 % interval, paired'],
      row('macro-F1', macroF1),
      row('accuracy', accuracy),
    ]),
  ].join('\n\n');
}

const signed = (value: number): string => (value > 0 ? `+${number(value)}` : number(value));

function summaryRows(evaluation: Evaluation): string[][] {
  return summaryOf(evaluation).map(([name, { value, low, high }]) => [
    name,
    number(value),
    `${number(low)} to ${number(high)}`,
  ]);
}

/** Every metric of an evaluation with its name, in the order in which they are reported. */
export function summaryOf({ macroF1, among, versusRest, ...others }: Evaluation): [name: string, Interval][] {
  return [
    ['macro-F1', macroF1],
    ...(among ? [[`macro-F1 of ${among.classes.join(', ')}`, among.macroF1] as [string, Interval]] : []),
    ...(versusRest
      ? [[`macro-F1 of ${versusRest.class} versus rest at t*`, versusRest.macroF1] as [string, Interval]]
      : []),
    ['balanced accuracy', others.balancedAccuracy],
    ['AUC, macro one versus rest', others.auc],
    ['accuracy', others.accuracy],
  ];
}

/** Three decimals; a metric that is undefined is a dash. */
function number(value: number): string {
  return Number.isNaN(value) ? '-' : value.toFixed(3);
}

/** First column left, the others right. */
function grid(rows: string[][]): string {
  const widths = rows[0].map((_, column) => Math.max(...rows.map((row) => row[column].length)));
  const line = (row: string[]) =>
    row.map((cell, i) => (i === 0 ? cell.padEnd(widths[i]) : cell.padStart(widths[i]))).join('  ');
  return rows.map((row) => line(row).trimEnd()).join('\n');
}
