/** How fast training is, for docs/workshop.md, from what bench/train.json records. */
import { markdownTable } from '../drawing/markdown.ts';
import type { TrainingRecord } from '../measure/tables.ts';
import { grouped } from '../system/grouped.ts';

const TITLES = ['configuration', 'windows/s', 'batches, s per 1,000', 'steps, s per 1,000'];

export function trainingSpeeds({ networks, processor, node }: TrainingRecord): string {
  const rows = networks.map(({ name, windowsPerSecond, seconds }) => [
    `\`${name}\``,
    grouped(Math.round(windowsPerSecond)),
    seconds.batches.toFixed(2),
    seconds.steps.toFixed(2),
  ]);
  return `${markdownTable(TITLES, rows, 1)}\n${processor.replace(/\((R|TM)\)/g, '')}, Node ${node}.`;
}
