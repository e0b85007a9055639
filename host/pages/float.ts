/** The tables of docs/import.md on float networks, from what bench/float.json records. */
import { markdownTable } from '../drawing/markdown.ts';
import type { FloatFigure, FloatRecord, Judged } from '../measure/float.ts';
import { grouped } from '../system/grouped.ts';

const share = (value: number): string => (100 * value).toFixed(2);
const signed = (value: number): string => `${value < 0 ? '' : '+'}${share(value)}`;

/** A network, and what it does on inputs that ways were chosen by. */
const networkRows = (figure: FloatFigure): string[][] => [
  networkRow(figure, figure),
  ...(figure.chosenBy
    ? [networkRow({ ...figure, network: 'the same, on what ways were chosen by' }, figure.chosenBy)]
    : []),
];

function networkRow({ network, calibratedOn, measure, bytes, publishedBytes }: FloatFigure, judged: Judged): string[] {
  const { judgedOn, againstFloat, againstPublished } = judged;
  const shown = (value: number) => (measure === 'accuracy' ? `${share(value)} %` : value.toFixed(3));
  const interval = ({ value, low, high }: typeof againstFloat) =>
    `${signed(value)} (${signed(low)} to ${signed(high)})`;
  return [
    network,
    `${grouped(calibratedOn)} / ${grouped(judgedOn)}`,
    ...[judged.float, judged.published, judged.quantized].map(shown),
    interval(againstFloat),
    interval(againstPublished),
    `${grouped(bytes)} / ${grouped(publishedBytes)}`,
  ];
}

const networkTable = ({ networks }: FloatRecord): string =>
  markdownTable(
    [
      'network',
      'inputs calibrated on / judged by',
      'float',
      'INT8 as published',
      'INT8 from here',
      'less float, points or %',
      'less published',
      'bytes / published',
    ],
    networks.flatMap(networkRows),
    1,
  );

/** A row for each way that was tried, a column for each network; the smallest error of a network is taken. */
function trialTable({ networks }: FloatRecord): string {
  const ways = [...new Set(networks.flatMap(({ tried }) => tried.map(({ what }) => what)))];
  const errorOf = ({ tried, ranges }: FloatFigure, way: string): string => {
    const error = tried.find(({ what }) => what === way)?.error;
    if (error === undefined) return '';
    return way === ranges ? `**${error.toExponential(2)}**` : error.toExponential(2);
  };
  return markdownTable(
    ['squared error over variance, on calibration inputs', ...networks.map(({ network }) => network)],
    ways.map((way) => [way, ...networks.map((figure) => errorOf(figure, way))]),
    1,
  );
}

/** By the marks that they stand between. */
export const floatTables = (record: FloatRecord): Record<string, string> => ({
  float: networkTable(record),
  trials: trialTable(record),
});
