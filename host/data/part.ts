/** The windows of one split, and an account of them: what was used, what was left out and why. */
import { counted } from '../system/counted.ts';
import { type BeatSet, type LeftOut, REASONS, type Reason } from './beats.ts';

/**
 * train       what is learned from
 * later       the same patients, later: how much function the network's bytes hold
 * validation  other patients: for choosing hyper-parameters and thresholds
 * test        other patients again: for reporting, once
 */
export const SPLITS = ['train', 'later', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export interface Part extends BeatSet {
  account: Account;
}

export interface Account {
  data: string;
  split: Split;
  /** where the records are; null when they are made up */
  folder: string | null;
  windows: number;
  /** records that gave windows */
  records: string[];
  /** records that were read and gave none */
  withoutWindows: string[];
  /** records of the split that the folder does not have */
  absent: string[];
  /** records of the folder that are in no split, with the reason */
  inNoSplit: Record<string, string>;
  /** lead -> records in which it was used */
  leads: Record<string, string[]>;
  /** what a header does not say and was taken for granted */
  assumed: string[];
  /** annotated beats that gave no window */
  leftOut: LeftOut;
}

/** Accounts of splits of one data set, one after another; what is in no split comes once, at the end. */
export function describeAccounts(accounts: readonly Account[]): string {
  const others = new Map(accounts.flatMap(({ inNoSplit }) => Object.entries(inNoSplit)));
  const shown = Array.from(others, ([record, reason]) => `${record} (${reason})`);
  return [...accounts.map(describeAccount), ...(shown.length > 0 ? [`in no split: ${shown.join(', ')}`] : [])].join(
    '\n',
  );
}

/** One line for each thing worth knowing of a split, the first with the counts. */
function describeAccount(account: Account): string {
  const { data, split, folder, windows, records, absent, withoutWindows, assumed } = account;
  const lines = [
    `${data} ${split}: ${counted(windows, 'window')} of ${counted(records.length, 'record')}${leads(account)}`,
  ];
  const leftOut = describeLeftOut(account.leftOut);
  if (leftOut) lines.push(`left out: ${leftOut}`);
  if (withoutWindows.length > 0) lines.push(`without any window: ${withoutWindows.join(' ')}`);
  if (absent.length > 0)
    lines.push(`not in ${folder}: ${absent.join(' ')}, of ${records.length + withoutWindows.length + absent.length}`);
  return [...lines, ...assumed].join('\n');
}

/** "3 beats too near an end of the record, 1 annotated on another lead", or nothing. */
export function describeLeftOut(leftOut: LeftOut): string {
  return Object.entries(leftOut)
    .filter(([, beats]) => beats > 0)
    .map(([reason, beats], i) => `${i === 0 ? counted(beats, 'beat') : beats} ${REASONS[reason as Reason]}`)
    .join(', ');
}

function leads({ leads }: Account): string {
  const names = Object.entries(leads);
  if (names.length === 0) return '';
  if (names.length === 1) return `, lead ${names[0]![0]}`;
  return `, leads ${names.map(([name, records]) => `${name} (${records.join(' ')})`).join(', ')}`;
}
