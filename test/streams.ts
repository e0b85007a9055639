/** Networks that begin with log-mel features of raw sound, as streams need them. */
import { pack } from '../host/image/pack.ts';
import type { Model } from '../host/model/model.ts';
import { logMelTables } from '../host/operators/logMel.ts';
import { tables } from './operators/logMel.ts';
import { ModelBuilder, random } from './zoo.ts';

export interface StreamShape {
  /** samples of a frame */
  length: number;
  /** from one frame to the next */
  hop: number;
  /** of a window */
  frames: number;
  /** samples of a window behind its last frame */
  spare: number;
}

/** Hops below, equal to and above the frame, rows of words and of odd bytes. */
export const STREAM_SHAPES: [name: string, shape: StreamShape][] = [
  ['a hop below half a frame', { length: 100, hop: 36, frames: 7, spare: 11 }],
  ['a hop of one sample', { length: 64, hop: 1, frames: 9, spare: 0 }],
  ['a hop as long as a frame', { length: 64, hop: 64, frames: 4, spare: 63 }],
  ['a hop above a frame', { length: 50, hop: 83, frames: 5, spare: 20 }],
  ['a window of one frame', { length: 128, hop: 40, frames: 1, spare: 39 }],
];

/** Samples of a window. */
export const windowOf = ({ length, hop, frames, spare }: StreamShape): number => length + (frames - 1) * hop + spare;

/** The front end alone, its features as the output, or with a small network behind it. */
export function streamed(seed: number, shape: StreamShape, network = true): ModelBuilder {
  const { length, hop, frames } = shape;
  const b = new ModelBuilder(seed, [1, windowOf(shape), 1], 'i16');
  const window = Int16Array.from({ length: length / 2 + 1 }, () => b.integer(0, 0x7fff));
  const made = { ...tables(b, 128), length, hop, window };
  const input2 = b.tensor('workspace', [1, 4 * made.size, 1]);
  const output = b.tensor('features', [1, frames, made.edges.length - 2]);
  const scaling = { reference: 30 << 10, least: 20 << 10, factor: 0.005 };
  b.operators.push({ kind: 'logMel', name: 'mel', input: 0, input2, output, tables: made, ...scaling });
  return network ? b.pointwise(6).fullyConnected(5) : b;
}

/** The same with a change. */
export function changed(shape: StreamShape, change: (b: ModelBuilder, model: Model) => void): Model {
  const b = streamed(1, shape, false);
  const model = b.build();
  change(b, model);
  return model;
}

/** Noise that comes and goes, with silence in between. */
export function sound(seed: number, samples: number): Int16Array {
  const next = random(seed);
  return Int16Array.from({ length: samples }, (_, i) => {
    const loudness = (i >> 6) % 5 === 3 ? 0 : 2 ** (4 + ((i >> 5) % 11));
    return Math.round((2 * next() - 1) * loudness);
  });
}

/** Parts of a sound: single samples, primes, several frames at once, more than a window. */
export function parts(seed: number, sound: Int16Array, window: number): Int16Array[] {
  const next = random(seed);
  const sizes = [1, 1, 2, 3, 7, 31, 61, 127, 251, window, 2 * window + 13];
  const all: Int16Array[] = [];
  for (let at = 0; at < sound.length; at += all.at(-1)!.length)
    all.push(sound.subarray(at, at + sizes[Math.floor(next() * sizes.length)]));
  return all;
}

/** 30 ms every 20 ms of a second at 16 kHz, 40 filters, and a small network: what keyword spotters are. */
export function speech(): { image: Uint8Array; hop: number; size: number; window: number } {
  const made = logMelTables({ rate: 16_000, frame: 0.03, step: 0.02, bands: 40, lowest: 20, highest: 7_600 });
  const { hop, size, length } = made;
  const window = 16_000;
  const b = new ModelBuilder(1, [1, window, 1], 'i16');
  const input2 = b.tensor('workspace', [1, 4 * size, 1]);
  const output = b.tensor('features', [1, Math.floor((window - length) / hop) + 1, 40]);
  const scaling = { reference: 30 << 10, least: 20 << 10, factor: 0.005 };
  b.operators.push({ kind: 'logMel', name: 'mel', input: 0, input2, output, tables: made, ...scaling });
  return { image: pack(b.pointwise(8).fullyConnected(12).build()), hop, size, window };
}
