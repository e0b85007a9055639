/** What a search says of what it tried: a table, a drawing, and the card of what it chose. */
import { wrapped } from '../card/sections.ts';
import { type FrontPanel, frontSvg } from '../drawing/frontSvg.ts';
import { markdownTable } from '../drawing/markdown.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import type { RunRecord } from '../sweep/record.ts';
import { counted } from '../system/counted.ts';
import { grouped } from '../system/grouped.ts';
import type { Task } from '../task/task.ts';
import { describeNetwork } from '../train/network.ts';
import type { NetworkConfig } from '../train/networkConfig.ts';
import type { Candidate } from './candidates.ts';
import type { Rung, Tried } from './halving.ts';
import { SOURCES } from './space.ts';

export interface Outcome {
  /** of the program */
  name: string;
  budget: number;
  rungs: Rung[];
  /** best first */
  tried: Tried<Candidate>[];
}

/** Headings, and a row for each candidate: what it holds weights by, its bytes, macro-F1 rung by rung. */
export function tableOf({ rungs, tried }: Outcome): string[][] {
  const headings = rungs.map(({ epochs }) => counted(epochs, 'epoch'));
  return [
    ['candidate', 'bytes', ...headings],
    ...tried.map(({ candidate: { name, bytes }, rungs: judged, failed }) => {
      const figures = rungs.map((_, i) => judged[i]?.validation.toFixed(3) ?? '');
      if (failed !== null && judged.length < rungs.length) figures[judged.length] = 'failed';
      return [name, grouped(judged.at(-1)?.bytes ?? bytes), ...figures];
    }),
  ];
}

const KINDS = [...new Set(Object.values(SOURCES).map((make) => make(1).kind))];

/** A panel for each rung: macro-F1 on validation windows against bytes. */
export function drawingOf({ name, budget, rungs, tried }: Outcome): string {
  const [best] = tried;
  const panels = rungs.map(({ epochs }, i): FrontPanel => {
    const judged = tried.filter((one) => one.rungs[i]);
    const series = KINDS.map((kind) => ({
      name: kind === 'lowRank' ? 'low rank' : kind,
      points: judged
        .filter(({ candidate }) => SOURCES[candidate.rest](1).kind === kind)
        .map(({ candidate, rungs: own }) => {
          const { validation, low, high, bytes } = own[i]!;
          const said = `${candidate.name}: ${grouped(bytes)} bytes, ${validation.toFixed(3)}`;
          return { said, bytes, value: validation, low, high };
        }),
    }));
    const title = `${counted(judged.length, 'candidate')} after ${counted(epochs, 'epoch')}`;
    return { title, y: 'macro-F1, validation', series, line: null };
  });
  const description = best ? `${best.candidate.name} was chosen; the table has all figures.` : 'Nothing was trained.';
  return frontSvg({ title: `${name} within ${grouped(budget)} bytes`, description, panels, joined: false });
}

/** What a card is made of beside what was tried. */
export interface Chosen {
  task: Task;
  network: NetworkConfig;
  record: RunRecord;
  /** that make the image again: the search, and the training of what it chose */
  commands: readonly string[];
  /** that measures it on windows that nothing was chosen by */
  next: string;
  /** of the drawing, from the card on */
  drawing: string;
}

/** Markdown: the image that was chosen, by what, and from what. */
export function cardOf(outcome: Outcome, { task, network, record, commands, next, drawing }: Chosen): string {
  const { image, results } = record;
  const { macroF1, balancedAccuracy, auc, accuracy, n, groups } = results[0]!.splits.validation!;
  const figure = ({ value, low, high }: Interval): string =>
    `${value.toFixed(3)} (${low.toFixed(3)} to ${high.toFixed(3)})`;
  const [headings, ...rows] = tableOf(outcome) as [string[], ...string[][]];
  return `# ${outcome.name} within ${grouped(outcome.budget)} bytes

${wrapped(task.about)}
${wrapped(`${outcome.tried[0]!.candidate.name}: ${describeNetwork(network)}`)}

SHA-256 of the image: \`${image.sha256}\`

${commands.map((command) => `    npx ${command}`).join('\n')}

Each command makes the image again, byte for byte, on the same version of Node (this one: ${process.version}).

## Bytes

${markdownTable(
  ['category', 'bytes'],
  [
    ...Object.entries(image.categories).map(([name, bytes]) => [name, grouped(bytes)]),
    ['**image**', `**${grouped(image.bytes)}**`],
    ['arena (RAM)', grouped(image.programs[0]!.arenaBytes)],
  ],
  1,
)}
## Validation

Of the packed image in the integer runtime, on ${grouped(n)} windows of ${counted(groups, 'group')}, with 95 % intervals
from resampling groups. It was chosen by these windows, so the figures are too good; no test window has been read.

${markdownTable(
  ['', 'validation'],
  [
    ['macro-F1', figure(macroF1)],
    ['balanced accuracy', figure(balancedAccuracy)],
    ['AUC, macro one versus rest', figure(auc)],
    ['accuracy', figure(accuracy)],
  ],
  1,
)}
This measures it on other people and on later data, once, and writes the card of that in place of this one:

    npx ${next}

## What was tried

![Macro-F1 on validation windows against bytes](${drawing})

${markdownTable(headings, rows, 1)}`;
}
