/** The arena over the operators as text, 80 columns wide. */

import type { Holder, HolderKind, Timeline } from '../layout/timeline.ts';
import { axisOf, KIB } from './axis.ts';
import { peakLines } from './peak.ts';
import { blankGrid, labelledRows, widthOf } from './textGrid.ts';

const WIDTH = 80;
const COLUMNS = 72; // of the operators
const ROWS = 14;
const TICKS = 5;
/** Tensors have one of two, so that neighbours differ. */
const FILLS: Record<HolderKind, string[]> = { tensor: ['▒', '▓'], scratch: ['░'], weights: ['█'], header: ['█'] };

/** Lines of at most 80 characters. */
export function timelinePlot(timeline: Timeline): string {
  const { name, operators, holders, arenaBytes } = timeline;
  const y = axisOf([0, arenaBytes / KIB], TICKS);
  const rowBytes = arenaBytes / ROWS;
  const column = columnsOf(operators.length);
  const width = column(operators.length);
  const grid = blankGrid(width, ROWS);
  const rectangles = holders.map((holder) => rectangle(holder, rowBytes, column, operators.length));
  const fills = fillsOf(holders, rectangles);
  // small ones over large ones: a tensor that lies in another is seen
  const order = [...holders.keys()].filter((h) => holders[h].kind !== 'header');
  for (const h of order.toSorted((a, b) => holders[b].bytes - holders[a].bytes))
    draw(grid, rectangles[h], fills[h], labelOf(holders[h]));
  const below = y.ticks.filter((tick) => tick * KIB <= arenaBytes);
  const ticks = new Map(below.map((tick) => [ROWS - Math.round((tick * KIB) / rowBytes), String(tick)]));
  const margin = widthOf(ticks);
  const bottom = `${(ticks.get(ROWS) ?? '').padStart(margin)} +${'-'.repeat(width)}`;
  return [
    `${name}: arena in KiB over its operators`,
    ...labelledRows(grid, ticks, margin),
    bottom,
    ...names(operators, column, timeline.peak.operator).map((line) => `${' '.repeat(margin + 2)}${line}`.trimEnd()),
    `${FILLS.tensor.join('')} tensors   ░ scratch${timeline.peak.weights > 0 ? '   █ weights' : ''}   ^ peak`,
    ...peakLines(timeline).flatMap(wrapped),
  ].join('\n');
}

/** Where an operator begins, in characters: as wide as all have room for, or several to a character. */
function columnsOf(operators: number): (operator: number) => number {
  const each = Math.min(Math.floor(COLUMNS / operators), 12);
  return each > 0 ? (operator) => each * operator : (operator) => Math.floor((operator * COLUMNS) / operators);
}

interface Rectangle {
  left: number;
  right: number;
  top: number;
  bottom: number;
}

/** In characters, both ends outside; nothing where it would fill less than half a row. */
function rectangle(
  { at, bytes, first, last }: Holder,
  rowBytes: number,
  column: (operator: number) => number,
  operators: number,
): Rectangle {
  const left = column(Math.max(first, 0));
  return {
    left,
    right: Math.max(column(Math.min(last + 1, operators)), Math.min(left + 1, column(operators))),
    top: ROWS - Math.round((at + bytes) / rowBytes),
    bottom: ROWS - Math.round(at / rowBytes),
  };
}

/** For every holder the fill of its kind that fewest of its neighbours have. */
function fillsOf(holders: Holder[], rectangles: Rectangle[]): string[] {
  const fills: string[] = [];
  for (const [h, { kind }] of holders.entries()) {
    const near = fills.filter((_, other) => touch(rectangles[h], rectangles[other]));
    const count = (fill: string) => near.filter((other) => other === fill).length;
    fills.push(FILLS[kind].toSorted((a, b) => count(a) - count(b))[0]);
  }
  return fills;
}

function touch(a: Rectangle, b: Rectangle): boolean {
  const columns = Math.min(a.right, b.right) - Math.max(a.left, b.left);
  const rows = Math.min(a.bottom, b.bottom) - Math.max(a.top, b.top);
  return columns >= 0 && rows >= 0 && columns + rows > 0; // not at a corner alone
}

function draw(grid: string[][], { left, right, top, bottom }: Rectangle, fill: string, label: string): void {
  for (let row = top; row < bottom; row++) grid[row].fill(fill, left, right);
  // a blank behind the name, where it does not take the whole width
  if (label === '' || bottom <= top || right - left < label.length) return;
  [...label.padEnd(Math.min(right - left, label.length + 1))].forEach((character, i) => {
    grid[(top + bottom - 1) >> 1][left + i] = character;
  });
}

/** Scratch stands under the operator that uses it, and has its name there. */
function labelOf({ kind, name }: Holder): string {
  return kind === 'scratch' ? '' : name;
}

/** The operators' names where there is room for them, the one at the peak first of all, and a mark under it. */
function names(operators: string[], column: (operator: number) => number, peak: number): string[] {
  const line: string[] = new Array(column(operators.length)).fill(' ');
  const order = [peak, ...operators.keys()];
  for (const o of order) {
    const from = Math.min(column(o), line.length - operators[o].length);
    const around = line.slice(Math.max(0, from - 1), from + operators[o].length + 1);
    if (from < 0 || around.some((character) => character !== ' ')) continue;
    [...operators[o]].forEach((character, i) => {
      line[from + i] = character;
    });
  }
  return [line.join(''), `${' '.repeat(column(peak))}^`];
}

function wrapped(line: string): string[] {
  const lines = [''];
  for (const word of line.split(' ')) {
    const longer = lines[lines.length - 1] === '' ? word : `${lines[lines.length - 1]} ${word}`;
    if (longer.length <= WIDTH) lines[lines.length - 1] = longer;
    else lines.push(`  ${word}`);
  }
  return lines;
}
