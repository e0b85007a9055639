/**
 * Networks that keep something from one inference to the next: one in the shape of microWakeWord (Ahrendt 2024), whose
 * layers each keep a window of what they are given frame by frame, and a model with a state of every kind.
 */
import type { Model } from '../host/model/model.ts';
import { type FileSpec, int32, type TensorSpec, text } from './import/tflite.ts';
import { Dice, Draft, integer, integers, type Quantized, size } from './import/twin/dice.ts';
import { shapeRows } from './shapes.ts';
import { random } from './zoo.ts';

const VALID = 1;

/** Rows and channels of a frame. */
export const FRAME = [2, 8] as const;

/** A .tflite file of two subgraphs: windows of 5, 5, 7 and 3 rows, a layer over parts of one, and an answer in UINT8. */
export function wakeWord(seed = 1): FileSpec {
  const dice = new Dice(seed);
  const draft = new Draft();
  const [rows, channels] = FRAME;
  const input = draft.input({ shape: [1, rows, channels], scale: SCALE, zeroPoint: -128 });
  draft.append('CALL_ONCE', [], [], { optionsType: 103, options: { 0: int32(1) } });
  const first = { tensors: [], operators: [], inputs: [], outputs: [] } as FileSpec;
  draft.called.push(first);

  const picture = draft.append(
    'RESHAPE',
    [input, integers(1, rows, 1, channels)],
    [{ ...draft.at(input), shape: [1, rows, 1, channels] }],
  );
  let at = layer(dice, draft, windowed(draft, first, picture, 3), 6, 5);
  at = layer(dice, draft, channelwise(dice, draft, windowed(draft, first, at, 4), 5), 8, 1);
  const whole = windowed(draft, first, at, 6);
  const { shape, ...numbers } = draft.at(whole);
  const halves = [0, 1].map(() => ({ ...numbers, shape: [1, shape[1], 1, shape[3] / 2] }));
  const left = draft.append('SPLIT_V', [whole, integers(4, 4), integer(3)], halves, {
    optionsType: 79,
    options: { 0: int32(2) },
  });
  const sides = [
    channelwise(dice, draft, lastRows(draft, left, 3), 3),
    channelwise(dice, draft, lastRows(draft, left + 1, 7), 7),
  ];
  const one = draft.at(sides[0]);
  draft.at(sides[1]).scale = one.scale;
  draft.at(sides[1]).zeroPoint = one.zeroPoint;
  const joined = draft.append('CONCATENATION', sides, [{ ...one, shape: [1, 1, 1, 8] }], {
    optionsType: 10,
    options: { 0: int32(3) },
  });
  at = windowed(draft, first, layer(dice, draft, joined, 8, 1), 2);
  const flat = draft.append('RESHAPE', [at, integers(1, 24)], [{ ...draft.at(at), shape: [1, 24] }]);
  const weights = weighing(dice, [1, 24], 24, 1);
  const score = draft.append(
    'FULLY_CONNECTED',
    [flat, weights, biases(dice, 1)],
    [{ shape: [1, 1], scale: SCALE, zeroPoint: 10 }],
  );
  const probability = draft.append('LOGISTIC', [score], [{ shape: [1, 1], scale: 1 / 256, zeroPoint: -128 }]);
  const answer = { shape: [1, 1], type: 'UINT8', scale: 1 / 256, zeroPoint: 0 };
  return draft.file(draft.append('QUANTIZE', [probability], [answer]));
}

/** Of all tensors but weights. */
const SCALE = Math.fround(0.1);

/** Weights with which the outputs of so many products spread over INT8, a scale a channel. */
function weighing(dice: Dice, shape: number[], depth: number, channels: number): TensorSpec {
  const scale = dice.many(channels, () => Math.fround(dice.real(0.6, 1.5) / (60 * Math.sqrt(depth))));
  return { shape, scale, quantizedDimension: 0, data: dice.many(size(shape), () => dice.whole(-127, 127)) };
}

const biases = (dice: Dice, channels: number): TensorSpec => ({
  shape: [channels],
  type: 'INT32',
  data: dice.many(channels, () => dice.whole(-2000, 2000)),
});

/** What a variable keeps in front of what is new: CONCATENATION, of which the last rows are kept for the next time. */
function windowed(draft: Draft, first: FileSpec, from: number, kept: number): number {
  const own = draft.at(from);
  const [, news, , channels] = own.shape;
  const like = (rows: number): Quantized => ({ ...own, shape: [1, rows, 1, channels] });
  const named = { optionsType: 111, options: { 0: text(''), 1: text(`stream_${first.tensors.length}/states`) } };
  const resource = { shape: [], type: 'RESOURCE' };
  const place = first.tensors.push(resource, {
    ...like(kept),
    data: new Array(size(like(kept).shape)).fill(own.zeroPoint),
  });
  first.operators.push(
    { opcode: 'VAR_HANDLE', inputs: [], outputs: [place - 2], ...named },
    { opcode: 'ASSIGN_VARIABLE', inputs: [place - 2, place - 1], outputs: [] },
  );
  const handle = draft.append('VAR_HANDLE', [], [resource], named);
  const before = draft.append('READ_VARIABLE', [handle], [like(kept)]);
  const window = draft.append('CONCATENATION', [before, from], [like(kept + news)], {
    optionsType: 10,
    options: { 0: int32(1) },
  });
  draft.append('ASSIGN_VARIABLE', [handle, lastRows(draft, window, kept)], []);
  return window;
}

/** By STRIDED_SLICE. */
function lastRows(draft: Draft, from: number, rows: number): number {
  const own = draft.at(from);
  const begin = integers(0, own.shape[1] - rows, 0, 0);
  const output = { ...own, shape: [1, rows, 1, own.shape[3]] };
  return draft.append('STRIDED_SLICE', [from, begin, integers(0, own.shape[1], 0, 0), integers(1, 1, 1, 1)], [output], {
    optionsType: 32,
    options: { 0: int32(0b1101), 1: int32(0b1101) },
  });
}

/** A convolution over all rows of a window. */
function layer(dice: Dice, draft: Draft, from: number, channels: number, rows: number): number {
  const own = draft.at(from);
  const depth = rows * own.shape[3];
  const weights = weighing(dice, [channels, rows, 1, own.shape[3]], depth, channels);
  const output = { shape: [1, 1, 1, channels], scale: SCALE, zeroPoint: -128 };
  const options = { 0: { int8: VALID }, 1: int32(1), 2: int32(1), 3: { int8: 1 } };
  return draft.append('CONV_2D', [from, weights, biases(dice, channels)], [output], { optionsType: 1, options });
}

/** The same for each channel by itself. */
function channelwise(dice: Dice, draft: Draft, from: number, rows: number): number {
  const own = draft.at(from);
  const channels = own.shape[3];
  const weights = { ...weighing(dice, [1, rows, 1, channels], rows, channels), quantizedDimension: 3 };
  const output = { shape: [1, 1, 1, channels], scale: SCALE, zeroPoint: 4 };
  const options = { 0: { int8: VALID }, 1: int32(1), 2: int32(1), 3: int32(1), 4: { int8: 0 } };
  return draft.append('DEPTHWISE_CONV_2D', [from, weights, biases(dice, channels)], [output], {
    optionsType: 2,
    options,
  });
}

/** Values of INT8, many of them at their ends. */
export function frames(seed: number, count: number, bytes: number): Int8Array[] {
  const next = random(seed);
  const value = () => (next() < 0.2 ? [-128, 127][Math.floor(2 * next())] : Math.floor(256 * next()) - 128);
  return Array.from({ length: count }, () => Int8Array.from({ length: bytes }, value));
}

/** A model of one program for each kind that keeps something, of the table of shapes. */
export const keeping = (): Record<'state' | 'svdf' | 'lstm', Model> => {
  const rows = shapeRows();
  const of = (kind: string) => rows.find(({ name }) => name.split(' ')[1] === kind)!.model;
  return { state: of('state'), svdf: of('svdf'), lstm: of('lstm') };
};
