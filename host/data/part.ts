/** The windows of one split, and an account of them: what was used, what was left out and why. */
import { counted } from '../system/counted.ts';
import type { WindowSet } from './windows.ts';

/**
 * train       what is learned from
 * later       the same groups, later: how much function the network's bytes hold
 * validation  other groups, where the data set tells them apart: for choosing hyper-parameters and thresholds
 * test        others again: for reporting, once
 */
export const SPLITS = ['train', 'later', 'validation', 'test'] as const;
export type Split = (typeof SPLITS)[number];

export interface Part extends WindowSet {
  account: Account;
}

/** Why something that carries a label gives no window, in words that follow "3 beats"; others speak for themselves. */
const REASONS: Record<string, string> = {
  edge: 'too near an end of the record',
  invalid: 'with samples that the file marks as invalid',
  outside: 'annotated outside the record',
  otherLead: 'annotated on another lead',
  unclassified: 'of class Q or of a code without a class',
  border: 'across the border between train and later',
  unmapped: 'of a label that the task leaves out',
  short: 'shorter than a window',
};

/** Reason -> how many things that carry a label gave no window for it. */
export type LeftOut = Record<string, number>;

export interface Account {
  data: string;
  split: Split;
  /** where the records are; null when they are made up */
  folder: string | null;
  /** what carries a label: beat, clip, window */
  unit: string;
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
  leftOut: LeftOut;
}

/** The account of windows of which there is no more to say; `extra` is what there is. */
export function accountOf(
  { labels, records }: Pick<WindowSet, 'labels' | 'records'>,
  said: Pick<Account, 'data' | 'split' | 'folder' | 'unit'> & Partial<Account>,
): Account {
  return {
    windows: labels.length,
    records: [...new Set(records)],
    withoutWindows: [],
    absent: [],
    inNoSplit: {},
    leads: {},
    assumed: [],
    leftOut: {},
    ...said,
  };
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
  const leftOut = describeLeftOut(account);
  if (leftOut) lines.push(`left out: ${leftOut}`);
  if (withoutWindows.length > 0) lines.push(`without any window: ${withoutWindows.join(' ')}`);
  if (absent.length > 0)
    lines.push(`not in ${folder}: ${absent.join(' ')}, of ${records.length + withoutWindows.length + absent.length}`);
  return [...lines, ...assumed].join('\n');
}

/** "3 beats too near an end of the record, 1 annotated on another lead", or nothing. */
export function describeLeftOut({ leftOut, unit }: Pick<Account, 'leftOut' | 'unit'>): string {
  return Object.entries(leftOut)
    .filter(([, count]) => count > 0)
    .map(([reason, count], i) => `${i === 0 ? counted(count, unit) : count} ${REASONS[reason] ?? reason}`)
    .join(', ');
}

/** Sum of both, reason by reason. */
export function addLeftOut(first: LeftOut, second: LeftOut): LeftOut {
  const sum = { ...first };
  for (const [reason, count] of Object.entries(second)) sum[reason] = (sum[reason] ?? 0) + count;
  return sum;
}

function leads({ leads }: Account): string {
  const names = Object.entries(leads);
  if (names.length === 0) return '';
  if (names.length === 1) return `, lead ${names[0]![0]}`;
  return `, leads ${names.map(([name, records]) => `${name} (${records.join(' ')})`).join(', ')}`;
}
