/** The page of the zoo: the best image of each task within each budget, from the records that chose it. */
import { markdownTable } from '../drawing/markdown.ts';
import { BUDGETS } from '../evidence/record.ts';
import type { Exhibit } from '../evidence/zoo.ts';
import { grouped } from '../system/grouped.ts';
import { within } from './differences.ts';
import { decimals } from './document.ts';

/** Markdown; figures are those of the one seed whose image it is. */
export function zooPage(exhibits: readonly Exhibit[]): string {
  const rows = exhibits.map(({ name, task, budgets, run, record: { image, results } }) => {
    const { validation, test } = results[0]!.splits;
    return [
      task,
      budgets.map((budget) => `${budget / 1000}`).join(', '),
      `[${name}](${name}.md)`,
      `\`${run.method}\``,
      grouped(image.bytes),
      grouped(image.programs[0]!.arenaBytes),
      decimals(validation!.macroF1.value),
      test ? within(test.macroF1) : '-',
    ];
  });
  return `# Zoo

The best recorded image of each task within ${BUDGETS.map((budget) => budget / 1000).join(', ')} kB, each with its
card. \`npx htpw zoo\` writes this folder from the records of [sweeps](../../docs/sweeps.md): of all small networks the
one that is the best in the mean over its seeds, and of these the best seed, both by macro-F1 on validation windows
alone. Within a budget in which a smaller image is as good there is none of its own. _Test_ is macro-F1 on people that
nothing was learned from or chosen by, of spoken digits on other takes of the same speakers, with a 95 % interval from
resampling them. What each takes on each board: [deploy](../../docs/deploy.md).

${markdownTable(['task', 'best within, kB', 'image', 'weights', 'bytes', 'arena', 'validation', 'test'], rows, 4)}`;
}
