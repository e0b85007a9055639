/** The tables of docs/prune.md, from what bench/prune.json records, and the figures of the paper beside them. */
import { loadBoard } from '../boards/board.ts';
import { markdownTable } from '../drawing/markdown.ts';
import { PRUNED_NAMES, type PrunedName, type PrunedNetwork, type PruneRecord } from '../measure/pruned.ts';
import { cutChosen, type Row } from '../prune/prune.ts';
import { withInterval } from '../prune/report.ts';
import { grouped } from '../system/grouped.ts';

/**
 * De Leon and Atienza, arXiv 2204.10546: parameters and millions of MACs, as they follow from the paper's networks and
 * give its percentages; and by how much smaller and faster a network becomes on a Cortex-M0+.
 */
export const PAPER: Partial<
  Record<PrunedName, { parameters: Record<string, [number, number]>; cut: string; ratios: string }>
> = {
  vww: {
    parameters: {
      whole: [219_058, 7.49],
      block3: [5_666, 3.31],
      block4: [9_858, 2.92],
      block5: [15_042, 3.59],
      block6: [27_522, 3.63],
      block7: [46_082, 4.27],
      block8: [64_642, 4.9],
      block9: [83_202, 5.53],
      block11: [120_322, 6.79],
    },
    cut: 'block6',
    ratios: '4.7x smaller, 1.6x faster',
  },
  kws: {
    parameters: { whole: [24_908, 2.66], block1: [12_540, 1.33], block2: [17_852, 1.92], block3: [23_164, 2.5] },
    cut: 'block2',
    ratios: '1.2x smaller, 1.2x faster',
  },
};

export const TITLES: Record<PrunedName, string> = {
  vww: 'visual wake words, all channels',
  'vww-live': 'visual wake words, without dead channels',
  kws: 'keyword spotting',
  'synthetic-motion': 'motion, synthetic',
  'uci-har': 'UCI HAR',
  'ecg-beats': 'ECG beats',
};

const LEARNED: Record<PrunedNetwork['learned'], string> = {
  nothing: 'There are no pictures here: its auxiliary networks have learned nothing, which changes no size.',
  behind: 'The trunk is as it was.',
  together: 'The trunk has learned on together with the auxiliary network.',
};

export const times = (whole: number, part: number): string => `${(whole / part).toFixed(2)}x`;

/** By the marks that they stand between. */
export function pruneTables(record: PruneRecord): Record<string, string> {
  const named = PRUNED_NAMES.flatMap((name) => (record.networks[name] ? [[name, record.networks[name]] as const] : []));
  const missing = PRUNED_NAMES.filter((name) => !record.networks[name]);
  const absent = missing.length > 0 ? [`Not recorded yet: ${missing.join(', ')}.\n`] : [];
  return {
    parameters: markdownTable(
      ['network', 'cut', 'paper, parameters', 'here', 'paper, million MACs', 'here'],
      named.flatMap(([name, network]) => besidePaper(name, network)),
      2,
    ),
    sizes: [...named.map(([name, network]) => sizes(name, network, record.board)), ...absent].join('\n'),
    scores: named
      .filter(([, { learned }]) => learned !== 'nothing')
      .map(([name, network]) => scores(name, network))
      .join('\n'),
  };
}

/** Cuts of which the paper has figures. */
const besidePaper = (name: PrunedName, { rows }: PrunedNetwork): string[][] =>
  Object.entries(PAPER[name]?.parameters ?? {}).flatMap(([cut, [parameters, macs]]) => {
    const row = rows.find((one) => one.cut === cut);
    if (!row) return [];
    const ours = [grouped(row.size.parameters), (row.size.macs / 1e6).toFixed(2)] as const;
    return [[TITLES[name], cut, grouped(parameters), ours[0], macs.toFixed(2), ours[1]]];
  });

function sizes(name: PrunedName, { rows, learned, chosen }: PrunedNetwork, board: string): string {
  const [whole] = rows as [Row];
  const paper = PAPER[name];
  const line = ({ cut, size, instructions }: Row): string[] => [
    cut === chosen ? `**${cut}**` : cut,
    grouped(size.parameters),
    grouped(size.imageBytes),
    times(whole.size.imageBytes, size.imageBytes),
    grouped(size.arenaBytes),
    grouped(instructions!),
    times(whole.instructions!, instructions!),
  ];
  const head = ['cut', 'parameters', 'image', 'smaller', 'arena', `instructions, ${loadBoard(board).core}`, 'fewer'];
  return [
    `**${TITLES[name]}.** ${LEARNED[learned]}`,
    ...(paper ? [`The paper, at ${paper.cut}: ${paper.ratios}.`] : []),
    '',
    markdownTable(head, rows.map(line), 1),
  ].join('\n');
}

function scores(name: PrunedName, { rows, chosen }: PrunedNetwork): string {
  const [whole] = rows as [Row];
  const splits = Object.keys(whole.scores!.judged);
  const line = ({ cut, size, scores }: Row): string[] => [
    cut === chosen ? `**${cut}**` : cut,
    grouped(size.imageBytes),
    withInterval(scores!.validation.macroF1),
    ...splits.flatMap((split) => {
      const { macroF1, difference } = scores!.judged[split]!;
      return [withInterval(macroF1), difference ? withInterval(difference) : ''];
    }),
  ];
  const head = ['cut', 'image', 'validation', ...splits.flatMap((split) => [split, 'less the whole'])];
  const taken = chosen ? `\`auto\` takes ${chosen}.` : '`auto` takes none: none is within a standard error.';
  return [`**${TITLES[name]}.** ${taken} ${atHalf(rows)}`, '', markdownTable(head, rows.map(line), 1)].join('\n');
}

/** What is taken within half the bytes of the whole network. */
function atHalf(rows: readonly Row[]): string {
  const half = Math.floor(rows[0]!.size.imageBytes / 2);
  const cut = cutChosen(rows, half);
  const option = `\`--budget ${half}\`, half the bytes of the whole,`;
  return cut === undefined ? `With ${option} it takes none.` : `With ${option} it takes ${cut}.`;
}
