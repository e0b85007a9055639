/**
 * What a training window is varied by: one entry a kind. All that a kind draws for a whole window is drawn first, in
 * the order of the table, so that a task which leaves others out has the same numbers whatever they are.
 */

import { lengthOf, type Signal } from '../data/signal.ts';
import * as json from '../system/json.ts';
import type { Random } from '../system/random.ts';
import { MASKS, type Masks } from './masks.ts';

/** Amounts by kind; a kind that is left out changes nothing. Masks hide what the front end gives. */
export type Augmentation = Partial<Record<AugmentationKind, number>> & Masks;

export type AugmentationKind = keyof typeof AUGMENTATIONS;

/** A window in the making: real-valued, [height][width][channels], in steps of the input. */
interface Varied {
  values: Float64Array;
  signal: Signal;
  /** of each channel, over the window as it was */
  deviations: Float64Array;
}

/** Changes the values in place. */
type Change = (window: Varied) => void;

interface Kind {
  schema: json.Schema<number>;
  draw(amount: number, random: Random, signal: Signal): Change;
  /** changes come in this order */
  order: number;
}

const AUGMENTATIONS = {
  /** largest shift to either side along the width, positions; the ends repeat */
  shift: {
    schema: json.wholeNumber(0, 65_535),
    order: 0,
    draw(most, random) {
      const offset = random.below(2 * most + 1) - most;
      return ({ values, signal: { shape } }) => {
        const [height, width, channels] = shape;
        const length = width * channels;
        const [to, from] = [Math.max(0, -offset), Math.max(0, offset)].map((positions) => positions * channels);
        for (let row = 0; row < height; row++) {
          const line = values.subarray(row * length, (row + 1) * length);
          const [first, last] = [line.slice(0, channels), line.slice(-channels)];
          line.copyWithin(to!, from!, length - to!);
          for (let i = 0; i < to!; i++) line[i] = first[i % channels]!;
          for (let i = length - from!; i < length; i++) line[i] = last[i % channels]!;
        }
      };
    },
  },
  /** largest deviation of added noise, in deviations of the channel */
  noise: {
    schema: json.numberUpTo(100),
    order: 4,
    draw(most, random) {
      const share = random.uniform(0, most);
      return ({ values, deviations }) => {
        const [channels, own] = [deviations.length, deviations.map((deviation) => share * deviation)];
        for (let i = 0; i < values.length; )
          for (let c = 0; c < channels; c++, i++) values[i]! += own[c]! * random.normal();
      };
    },
  },
  /** largest amplitude of an added sine of 0.1 to 0.6 Hz, as electrodes wander, in deviations of the channel */
  wander: {
    schema: json.numberUpTo(100),
    order: 3,
    draw(most, random, { rate }) {
      const share = random.uniform(0, most);
      const frequency = random.uniform(0.1, 0.6) / (rate ?? 1); // cycles a position
      const phase = random.uniform(0, 2 * Math.PI);
      return ({ values, deviations, signal: { shape } }) => {
        const amplitudes = deviations.map((deviation) => share * deviation);
        const [channels, width] = [deviations.length, shape[1]];
        for (let i = 0; i < values.length; i++) {
          const p = Math.floor(i / channels) % width;
          values[i]! += amplitudes[i % channels]! * Math.sin(2 * Math.PI * frequency * p + phase);
        }
      };
    },
  },
  /** largest relative change of size, the same for all channels: loudness, vigour */
  scale: {
    schema: json.numberUpTo(0.9),
    order: 2,
    draw(most, random) {
      const factor = 1 + random.uniform(-most, most);
      return ({ values, signal: { zeroPoint } }) => {
        for (let i = 0; i < values.length; i++) values[i] = zeroPoint + factor * (values[i]! - zeroPoint);
      };
    },
  },
  /** largest turn about a random axis, degrees, of each three channels that follow one another: how a sensor is worn */
  rotation: {
    schema: json.numberUpTo(180),
    order: 1,
    draw(most, random) {
      const matrix = rotationBy((random.uniform(-most, most) * Math.PI) / 180, [
        random.normal(),
        random.normal(),
        random.normal(),
      ]);
      return ({ values, signal: { zeroPoint } }) => {
        for (let i = 0; i + 2 < values.length; i += 3) {
          const [x, y, z] = [values[i]! - zeroPoint, values[i + 1]! - zeroPoint, values[i + 2]! - zeroPoint];
          for (let k = 0; k < 3; k++) {
            const row = matrix[k]!;
            values[i + k] = zeroPoint + row[0]! * x + row[1]! * y + row[2]! * z;
          }
        }
      };
    },
  },
  /** probability of left and right changing places: images */
  flip: {
    schema: json.numberUpTo(1),
    order: 1,
    draw(probability, random) {
      const isFlipped = random.uniform() < probability;
      return ({ values, signal: { shape } }) => {
        if (!isFlipped) return;
        const [height, width, channels] = shape;
        const from = values.slice();
        for (let i = 0; i < height * width; i++) {
          const mirrored = i - (i % width) + (width - 1 - (i % width));
          for (let c = 0; c < channels; c++) values[i * channels + c] = from[mirrored * channels + c]!;
        }
      };
    },
  },
  /** largest relative change of tempo, about the event or the middle of the window; the ends repeat */
  stretch: {
    schema: json.numberUpTo(0.5),
    order: 0,
    draw(most, random, { shape: [height, width, channels], event }) {
      const tempo = 1 + random.uniform(-most, most);
      const center = event?.at ?? (width - 1) / 2;
      return ({ values }) => {
        const from = values.slice();
        for (let p = 0; p < width; p++) {
          const place = Math.min(Math.max(center + tempo * (p - center), 0), width - 1);
          const [left, right] = [Math.floor(place), Math.ceil(place)];
          for (let row = 0; row < height; row++)
            for (let c = 0; c < channels; c++) {
              const at = (q: number): number => from[(row * width + q) * channels + c]!;
              values[(row * width + p) * channels + c] = at(left) + (place - left) * (at(right) - at(left));
            }
        }
      };
    },
  },
  /** largest shift in each direction, pixels, as a crop of a padded image gives it: what comes in is zero */
  crop: {
    schema: json.wholeNumber(0, 65_535),
    order: 0,
    draw(most, random) {
      const [down, right] = [random.below(2 * most + 1) - most, random.below(2 * most + 1) - most];
      return ({ values, signal: { shape, zeroPoint } }) => {
        const [height, width, channels] = shape;
        const from = values.slice();
        for (let i = 0; i < height * width; i++) {
          const [y, x] = [Math.floor(i / width) + down, (i % width) + right];
          const isInside = y >= 0 && y < height && x >= 0 && x < width;
          for (let c = 0; c < channels; c++)
            values[i * channels + c] = isInside ? from[(y * width + x) * channels + c]! : zeroPoint;
        }
      };
    },
  },
} as const satisfies Record<string, Kind>;

/** Rodrigues' formula: a turn by `angle` about an axis of any length. */
function rotationBy(angle: number, axis: number[]): number[][] {
  const length = Math.hypot(...axis) || 1;
  const [x, y, z] = axis.map((value) => value / length) as [number, number, number];
  const [sine, cosine] = [Math.sin(angle), Math.cos(angle)];
  const rest = 1 - cosine;
  return [
    [cosine + x * x * rest, x * y * rest - z * sine, x * z * rest + y * sine],
    [y * x * rest + z * sine, cosine + y * y * rest, y * z * rest - x * sine],
    [z * x * rest - y * sine, z * y * rest + x * sine, cosine + z * z * rest],
  ];
}

const KINDS = Object.entries(AUGMENTATIONS) as [AugmentationKind, Kind][];

export const AUGMENTATION: json.Schema<Augmentation> = json.fields({
  ...Object.fromEntries(KINDS.map(([name, { schema }]) => [name, json.optional(schema)])),
  ...MASKS,
}) as unknown as json.Schema<Augmentation>;

/** What keeps such windows from being varied so: the field of the augmentation and why; null where nothing. */
export function augmentationFault(
  amounts: Augmentation,
  { shape, rate }: Signal,
): [field: string, message: string] | null {
  if (amounts.rotation !== undefined && shape[2] % 3 !== 0)
    return ['rotation', `expected none, as ${shape[2]} channels are no vectors of three`];
  if (amounts.wander !== undefined && rate === null)
    return ['wander', 'expected none, as the input has no samples a second'];
  if ((amounts.crop ?? 0) > Math.min(shape[0], shape[1]) / 2)
    return [
      'crop',
      `expected at most half an image, ${Math.floor(Math.min(shape[0], shape[1]) / 2)}, got ${amounts.crop}`,
    ];
  if ((amounts.shift ?? 0) > shape[1] / 2)
    return ['shift', `expected at most half a window, ${Math.floor(shape[1] / 2)}, got ${amounts.shift}`];
  return null;
}

/** Varies windows of one signal, one after another in the same memory: to get memory takes longer than to fill it. */
export class Augmenter {
  private readonly varied: Varied;
  private readonly result: Float32Array;
  private readonly kinds: [amount: number, kind: Kind][];

  constructor(amounts: Augmentation, signal: Signal) {
    const length = lengthOf(signal);
    const deviations = new Float64Array(signal.shape[2]);
    this.varied = { values: new Float64Array(length), signal, deviations };
    this.result = new Float32Array(length);
    this.kinds = KINDS.flatMap(([name, kind]) => (amounts[name] === undefined ? [] : [[amounts[name], kind]]));
  }

  /** A window varied, real-valued, in steps of the input; holds until the next. */
  vary(window: ArrayLike<number>, random: Random): Float32Array {
    const { varied, result } = this;
    const { values, signal, deviations } = varied;
    for (let i = 0; i < values.length; i++) values[i] = window[i]!;
    for (let c = 0; c < deviations.length; c++) deviations[c] = deviationOf(values, c, deviations.length);
    const changes = this.kinds.map(([amount, { draw, order }]) => ({ order, change: draw(amount, random, signal) }));
    for (const { change } of changes.sort((a, b) => a.order - b.order)) change(varied);
    for (let i = 0; i < result.length; i++) result[i] = values[i]!;
    return result;
  }
}

/** Standard deviation of a channel. */
function deviationOf(values: Float64Array, channel: number, channels: number): number {
  const positions = values.length / channels;
  let mean = 0;
  for (let i = channel; i < values.length; i += channels) mean += values[i]! / positions;
  let squares = 0;
  for (let i = channel; i < values.length; i += channels) squares += (values[i]! - mean) ** 2;
  return Math.sqrt(squares / positions);
}
