/** The card of an image that was trained: how it is made again, and how it does beside its controls. */
import type { Split } from '../data/part.ts';
import { classNamesOf, type TaskData } from '../task/task.ts';
import type { TrainConfig } from '../train/config.ts';
import { describeNetwork, describeRoute } from '../train/network.ts';
import type { Measured, Parts } from './measure.ts';
import {
  bytesTable,
  caveatsOf,
  countsTable,
  fixed,
  listOf,
  readingOf,
  reportedOf,
  splitSection,
  tableOf,
  titleOf,
  wrapped,
} from './sections.ts';

/** A generated model should keep this share of what its stored twin reaches. */
const KEEP = 0.95;

/** What a card is made of beside the figures. */
export interface Shown {
  config: TrainConfig;
  /** of the configuration */
  path: string;
  data: TaskData;
  parts: Parts;
  controls: string[];
}

/** Markdown; the image comes first, and the first control is its twin. */
export function trainedCard(measured: Measured[], { config, path, data, parts, controls }: Shown): string {
  const [own, twin] = measured as [Measured, Measured | undefined];
  const { task, network, route } = config;
  const { unit, group, name: dataName } = data.set;
  const name = titleOf(own.path);
  const elsewhere = dataName === task.data.set ? '' : ` --data ${dataName}`;
  const test = own.results.test!;
  const reported = reportedOf(own);
  return `# ${name}

${wrapped(task.about)}
${wrapped(route ? describeRoute(route) : describeNetwork(network))}

SHA-256 of the image: \`${own.sha256}\`

    npx htpw train --data ${own.trainedOn ?? dataName} --config ${path} -o ${own.path}
    npx htpw card ${[own.path, ...controls].join(' ')} --config ${path}${elsewhere}

The first command makes the image again, byte for byte, on the same version of Node (this one: ${process.version}); the
second wrote this page. All figures are of packed images in the integer runtime.

## Data

${data.set.about}

${countsTable(parts, classNamesOf(task))}
## Bytes

${bytesTable(measured)}
## Accuracy

${readingOf(group, own.results.later !== undefined)}

${reported.map((split) => splitSection(measured, split)).join('\n')}
${twin ? `${verdict(own, twin)}\n` : ''}### Per class, ${name}

${tableOf(
  ['class', 'split', 'precision', 'recall', 'F1', `${unit}s`],
  reported.flatMap((split) =>
    own.results[split]!.perClass.map((c) => [
      c.name,
      split,
      fixed(c.precision),
      fixed(c.recall),
      fixed(c.f1),
      String(c.support),
    ]),
  ),
)}
Confusion on the test split, rows are labels:

${tableOf(
  ['', ...test.perClass.map((c) => c.name)],
  test.confusion.map((row, i) => [test.perClass[i]!.name, ...row.map(String)]),
)}
## What to know

${listOf([...(config.notes ?? []), ...task.caveats, ...caveatsOf(own, parts)])}
`;
}

function verdict(own: Measured, twin: Measured): string {
  const lines = Object.entries(own.results).flatMap(([split, mine]) => {
    const its = twin.results[split as Split]!;
    const shares: [string, number][] = [['macro-F1', mine.macroF1.value / its.macroF1.value]];
    if (mine.among && its.among)
      shares.push([`macro-F1 of ${mine.among.classes.join(', ')}`, mine.among.macroF1.value / its.among.macroF1.value]);
    return shares.map(([metric, share]) => {
      const kept = share >= KEEP ? 'kept' : `**below** the ${100 * KEEP} % aimed at`;
      return `* ${metric} on ${split} ${mine.unit}s: ${(100 * share).toFixed(1)} % of the twin's; ${kept}.`;
    });
  });
  const share = ((100 * own.bytes) / twin.bytes).toFixed(0);
  return `Against the same network with pointwise weights stored in INT8 (${titleOf(twin.path)}.htpw), at ${share} % of its bytes:

${lines.join('\n')}
`;
}
