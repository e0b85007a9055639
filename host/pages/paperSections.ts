/** A section for each of the four papers: what its methods came to here, from what bench/ records. */
import { type FrontChart, type FrontSeries, frontSvg } from '../drawing/frontSvg.ts';
import type { Interval } from '../evaluate/bootstrap.ts';
import { PRUNED_NAMES } from '../measure/pruned.ts';
import { routeTables, titleOf } from '../measure/routeTables.ts';
import { grouped } from '../system/grouped.ts';
import type { Block, Section } from './document.ts';
import { fourTasksSection } from './evidence.ts';
import { joinTables } from './join.ts';
import { paperTables } from './papers.ts';
import { pruneTables, TITLES } from './prune.ts';
import type { Records } from './records.ts';

export const paperSections = (records: Records): Section[] => [
  generated(records),
  joined(records),
  routed(records),
  pruned(records),
];

/** Shaalan, arXiv 2603.24916. */
const generated = ({ evidence }: Records): Section => ({
  title: 'Paper 1: weights that are generated',
  blocks: [
    `HYPER-TINYPW (Shaalan, arXiv 2603.24916) makes the weights of pointwise layers from codes. Above is what that comes
to for one network after another; here is one basis for four tasks beside images of their own, random matrices and a new
task on a basis that is frozen.`,
    fourTasksSection({ evidence }),
  ],
});

/** Kwon et al., arXiv 2203.03794. */
function joined({ join, ...rest }: Records): Section {
  const { yono } = paperTables({ join, ...rest });
  const { networks, sizes, switches } = joinTables(join);
  const known = [...join.networks, ...join.added].flatMap(({ name, accuracy, weights, weightBytes }) =>
    accuracy ? [{ name, accuracy, weights, weightBytes }] : [],
  );
  const exact = (value: number): Interval => ({ value, low: value, high: value });
  const series = (name: string, of: (one: (typeof known)[number]) => [bytes: number, share: number]): FrontSeries => ({
    name,
    points: known.map((one) => {
      const [bytes, share] = of(one);
      return { said: `${one.name}: ${grouped(bytes)} bytes, ${(100 * share).toFixed(1)} %`, bytes, ...exact(share) };
    }),
  });
  const chart: FrontChart = {
    title: 'Right answers against bytes of weights',
    description: known
      .map(({ name, accuracy: { before, after }, weights, weightBytes }) => {
        return `${name}: ${before.toFixed(3)} in ${weights} bytes, ${after.toFixed(3)} in ${weightBytes}`;
      })
      .join('; '),
    panels: [
      {
        title: 'networks in INT8, and on codebooks that they share',
        x: 'weights and indices, kB',
        y: 'right answers',
        series: [
          series('INT8', ({ weights, accuracy }) => [weights, accuracy.before]),
          series('shared codebooks', ({ weightBytes, accuracy }) => [weightBytes, accuracy.after]),
        ],
      },
    ],
    joined: false,
  };
  return {
    title: 'Paper 2: codebooks that networks share',
    blocks: [
      'YONO (Kwon et al., arXiv 2203.03794) joins networks on codebooks, and swaps them without external memory.',
      yono!,
      ...drawn(known.length > 0, 'evidence/join.svg', chart),
      networks!,
      sizes!,
      switches!,
      recordedBy('npx htpw bench --join'),
    ],
  };
}

/** Ma et al., arXiv 2403.09035. */
function routed(records: Records): Section {
  const { tasks } = records.route;
  const panels = tasks.map(({ task, splits, figures }) => {
    const split = splits.test ? 'test' : (Object.keys(splits)[0] as keyof typeof splits);
    return {
      title: `${task}, ${split}: ${grouped(splits[split]!.windows)} windows of ${splits[split]!.groups} ${splits[split]!.group}s`,
      y: 'macro-F1',
      series: allNames(tasks).map((name) => ({
        name: titleOf(name),
        points: figures
          .filter((one) => one.name === name)
          .map(({ bytes, macroF1 }) => {
            const interval = macroF1[split]!;
            return {
              said: `${titleOf(name)}: ${grouped(bytes)} bytes, ${interval.value.toFixed(3)}`,
              bytes,
              ...interval,
            };
          }),
      })),
    };
  });
  const chart = {
    title: 'A selector and classifiers beside single networks',
    description: 'Macro-F1 against bytes of the image; the tables have all figures.',
    panels,
    joined: false,
  };
  return {
    title: 'Paper 3: a classifier for each input',
    blocks: [
      'DiTMoS (Ma et al., arXiv 2403.09035) lets a selector pick one of several small classifiers for each window.',
      paperTables(records).ditmos!,
      ...drawn(tasks.length > 0, 'evidence/route.svg', chart),
      routeTables(records.route),
      recordedBy('npx htpw sweep models/sweeps/route.json && npx htpw bench --route'),
    ],
  };
}

const allNames = (tasks: Records['route']['tasks']): string[] => [
  ...new Set(tasks.flatMap(({ figures }) => figures.map(({ name }) => name))),
];

/** De Leon and Atienza, arXiv 2204.10546. */
function pruned(records: Records): Section {
  const { prune } = records;
  const { parameters, sizes, scores } = pruneTables(prune);
  const panels = PRUNED_NAMES.flatMap((name) => {
    const rows = prune.networks[name]?.rows.filter((row) => row.scores) ?? [];
    const [whole] = rows;
    return Object.keys(whole?.scores?.judged ?? {}).map((split) => ({
      title: `${TITLES[name]}, ${split}`,
      y: 'macro-F1',
      series: [
        {
          name: 'cuts, from the first on',
          points: rows
            .toSorted((a, b) => a.size.imageBytes - b.size.imageBytes)
            .map(({ cut, size, scores }) => {
              const { macroF1 } = scores!.judged[split]!;
              const said = `${cut}: ${grouped(size.imageBytes)} bytes, ${macroF1.value.toFixed(3)}`;
              return { said, bytes: size.imageBytes, value: macroF1.value, low: macroF1.low, high: macroF1.high };
            }),
        },
      ],
    }));
  });
  const chart = {
    title: 'Networks cut short, with an auxiliary network behind',
    description: 'Macro-F1 against bytes of the image for every cut; the tables have all figures.',
    panels,
  };
  return {
    title: 'Paper 4: networks cut short',
    blocks: [
      'Depth pruning (De Leon and Atienza, arXiv 2204.10546) puts a small auxiliary network behind an early layer.',
      paperTables(records).depth!,
      ...drawn(panels.length > 0, 'evidence/prune.svg', chart),
      parameters!,
      scores!,
      sizes!,
      recordedBy('npx htpw bench --prune'),
    ],
  };
}

/** Nothing where there is nothing to draw. */
const drawn = (isAny: boolean, drawing: string, chart: FrontChart): Block[] =>
  isAny ? [{ drawing, svg: frontSvg(chart), says: chart.title }] : [];

const recordedBy = (command: string): string => `Recorded by \`${command}\`.`;
