/** Evaluations as text. */
import { counted } from '../system/counted.ts';
import type { Interval } from './bootstrap.ts';
import type { Evaluation } from './evaluate.ts';

/** An evaluation as a plain-text table for people; notes come below its title. */
export function renderTable(evaluation: Evaluation, notes: readonly string[] = []): string {
  const { task, split, n, patients, perClass, confusion, vVersusRest, noThreshold, sharedPatients } = evaluation;
  const title = [task, split].filter((part) => part !== '').join(', ');
  const sections = [
    `${title === '' ? 'evaluation' : title}: ${counted(n, 'beat')}, ${counted(patients, 'patient')}`,
    ...(notes.length > 0 ? [notes.join('\n')] : []),
    grid([['', 'value', '95 % interval over patients'], ...summaryRows(evaluation)]),
    grid([
      ['class', 'precision', 'recall', 'F1', 'beats'],
      ...perClass.map((c) => [c.name, number(c.precision), number(c.recall), number(c.f1), String(c.support)]),
    ]),
    grid([
      ['label \\ predicted', ...perClass.map((c) => c.name)],
      ...confusion.map((row, c) => [perClass[c].name, ...row.map(String)]),
    ]),
  ];
  if (vVersusRest) sections.push(`t* = ${vVersusRest.threshold.toFixed(3)}, chosen on the validation beats`);
  if (noThreshold) sections.push(`no figure of V versus rest: ${noThreshold}`);
  if (sharedPatients.length > 0) {
    sections.push(`warning: also among the validation beats: patient ${sharedPatients.join(', ')}`);
  }
  return `${sections.join('\n\n')}\n`;
}

function summaryRows(evaluation: Evaluation): string[][] {
  const { vVersusRest } = evaluation;
  const rows: [string, Interval | null | undefined][] = [
    ['macro-F1', evaluation.macroF1],
    ['macro-F1 of N, S, V', evaluation.macroF1NSV],
    ['macro-F1 of V versus rest at t*', vVersusRest?.macroF1],
    ['balanced accuracy', evaluation.balancedAccuracy],
    ['AUC, macro one versus rest', evaluation.auc],
    ['accuracy', evaluation.accuracy],
  ];
  return rows.flatMap(([name, interval]) =>
    interval ? [[name, number(interval.value), `${number(interval.low)} to ${number(interval.high)}`]] : [],
  );
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
