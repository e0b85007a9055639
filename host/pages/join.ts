/** The tables of docs/join.md, from what bench/join.json records. */
import { markdownTable } from '../drawing/markdown.ts';
import type { JoinedFigure, JoinRecord } from '../measure/joined.ts';
import { grouped } from '../system/grouped.ts';

export const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;
export const times = (ratio: number): string => `${ratio.toFixed(2)} x`;
const sum = (figures: readonly JoinedFigure[], of: (figure: JoinedFigure) => number): number =>
  figures.reduce((total, figure) => total + of(figure), 0);

/** Points of accuracy lost, or of agreement where nobody knows what is right; negative where it is better. */
export const lost = ({ accuracy, agreement }: JoinedFigure): number =>
  100 * (accuracy ? accuracy.before - accuracy.after : 1 - agreement);

export const mean = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0) / values.length;

function networkTable({ networks, added }: JoinRecord): string {
  const row = (figure: JoinedFigure, isAdded: boolean): string[] => {
    const { name, modality, weights, weightBytes, judged, accuracy, agreement, leastAgreement } = figure;
    return [
      isAdded ? `${name}, added` : name,
      modality,
      grouped(weights),
      ((8 * weightBytes) / weights).toFixed(2),
      grouped(judged),
      accuracy ? percent(accuracy.before) : '',
      accuracy ? percent(accuracy.after) : '',
      percent(agreement),
      percent(leastAgreement),
      lost(figure).toFixed(1),
    ];
  };
  return markdownTable(
    [
      'network',
      'modality',
      'weights',
      'bits a weight',
      'inputs',
      'right in INT8',
      'right',
      'agreement',
      'least of a class',
      'points lost',
    ],
    [...networks.map((figure) => row(figure, false)), ...added.map((figure) => row(figure, true))],
    2,
  );
}

function sizeTable({ networks, added, bytes, int8Bytes }: JoinRecord): string {
  const [weights, biases] = [sum(networks, (one) => one.weights), sum(networks, (one) => one.biases)];
  const losses = networks.map(lost);
  return markdownTable(
    ['of the networks that the codebooks were learned from', ''],
    [
      ['weights in float32, bytes', grouped(4 * weights)],
      ['weights, indices and codebooks, bytes', grouped(bytes.weights)],
      ['smaller than float32', times((4 * weights) / bytes.weights)],
      ['smaller than INT8', times(weights / bytes.weights)],
      ['whole image, bytes', grouped(bytes.image)],
      ['smaller than weights and biases in float32', times((4 * (weights + biases)) / bytes.image)],
      ['smaller than their INT8 images', times(int8Bytes / bytes.image)],
      ['points lost, mean', mean(losses).toFixed(2)],
      ['points lost, mean, gains counted as 0', mean(losses.map((loss) => Math.max(0, loss))).toFixed(2)],
      ['points lost by the network that was added', added.map((one) => lost(one).toFixed(1)).join(', ')],
    ],
    1,
  );
}

function switchTable({ networks, added, timed }: JoinRecord): string {
  const figures = [...networks, ...added];
  const { clockHz, instructionsPerCycle, bytesPerSecond } = timed;
  const milliseconds = (seconds: number): string => (1000 * seconds).toFixed(2);
  const row = (name: string, own: number, instructions: number, weights: number): string[] => {
    const [made, read] = [instructions / instructionsPerCycle / clockHz, weights / bytesPerSecond];
    return [
      name,
      grouped(own),
      grouped(instructions),
      milliseconds(made),
      grouped(weights),
      milliseconds(read),
      percent(1 - made / read),
    ];
  };
  return markdownTable(
    ['network', 'bytes', 'instructions', 'ms', 'bytes of INT8', 'ms to read them', 'saved'],
    [
      ...figures.map((one) => row(one.name, one.weightBytes, one.switchInstructions, one.weights)),
      row(
        '**all**',
        sum(figures, (one) => one.weightBytes),
        sum(figures, (one) => one.switchInstructions),
        sum(figures, (one) => one.weights),
      ),
    ],
    1,
  );
}

/** What the codebooks and the switch are worth: shares of float32, of INT8, and of the time to read INT8 weights. */
export function ratios({ networks, added, bytes, timed }: JoinRecord): {
  float32: number;
  int8: number;
  saved: number;
} {
  const weights = sum(networks, (one) => one.weights);
  const all = [...networks, ...added];
  const made = sum(all, (one) => one.switchInstructions) / timed.instructionsPerCycle / timed.clockHz;
  const read = sum(all, (one) => one.weights) / timed.bytesPerSecond;
  return { float32: (4 * weights) / bytes.weights, int8: weights / bytes.weights, saved: 1 - made / read };
}

/** By the marks that they stand between. */
export const joinTables = (record: JoinRecord): Record<string, string> => ({
  networks: networkTable(record),
  sizes: sizeTable(record),
  switches: switchTable(record),
});
