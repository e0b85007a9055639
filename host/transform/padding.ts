/** Padding that a converter wrote as an operator of its own, folded into the convolutions behind it. */
import type { Operator, Program, Window } from '../model/model.ts';
import type { Copy } from '../operators/copy.ts';

/**
 * Leaves out every copy that only puts a border of the zero point around a picture, where all that reads the result are
 * convolutions and depthwise layers that can have the border as their padding, which is the zero point as well.
 * Returns what is left, and the places of it in `program.operators`.
 */
export function foldPadding(program: Program): { operators: Operator[]; kept: number[] } {
  const folded = new Map<number, { input: number; pad: [number, number] }>();
  for (const operator of program.operators) {
    const pad = borderOf(operator, program);
    if (pad === null || program.outputs.includes(operator.output)) continue;
    const readers = program.operators.filter((reader) => readsOf(reader).includes(operator.output));
    if (readers.length > 0 && readers.every((reader) => takes(reader, operator.input, pad, program)))
      folded.set(operator.output, { input: operator.input, pad });
  }
  const kept = program.operators.map((_, o) => o).filter((o) => !folded.has(program.operators[o].output));
  const operators = kept.map((o) => {
    const operator = program.operators[o];
    const border = folded.get(operator.input);
    if (border === undefined || !('kernel' in operator)) return operator;
    return { ...operator, input: border.input, pad: border.pad };
  });
  return { operators, kept };
}

function readsOf(operator: Operator): number[] {
  return 'input2' in operator ? [operator.input, operator.input2] : [operator.input];
}

/**
 * Rows above and columns to the left of a picture that is copied whole into a filled larger one; null for anything
 * else.
 */
function borderOf(operator: Operator, { tensors, operators }: Program): [top: number, left: number] | null {
  if (operator.kind !== 'copy' || !operator.fill || operator.inputOffset !== 0) return null;
  if (operators.filter(({ output }) => output === operator.output).length !== 1) return null;
  const [height, width, channels] = tensors[operator.input].shape;
  const [, outWidth, outChannels] = tensors[operator.output].shape;
  if (channels !== outChannels || operator.outputOffset % channels !== 0) return null;
  const position = operator.outputOffset / channels;
  const pad: [number, number] = [Math.floor(position / outWidth), position % outWidth];
  const whole = { run: width * channels, rows: height };
  return pad[1] + width <= outWidth && isWhole(operator, whole, outWidth * channels) ? pad : null;
}

/** Row after row, the output's that far apart; a picture of one row or of whole rows may be one run. */
function isWhole(
  { count, run, inputStep, outputStep }: Copy,
  row: { run: number; rows: number },
  outputRow: number,
): boolean {
  const loops = count.map((times, i) => ({ times, from: inputStep[i], to: outputStep[i] })).filter((l) => l.times > 1);
  if (loops.length === 0) return run === row.run * row.rows && (row.rows === 1 || row.run === outputRow);
  const [{ times, from, to }] = loops;
  return loops.length === 1 && run === row.run && times === row.rows && from === row.run && to === outputRow;
}

function takes(reader: Operator, input: number, pad: [number, number], { tensors }: Program): boolean {
  if (reader.kind !== 'convolution' && reader.kind !== 'depthwise') return false;
  const { kernel, stride, pad: own }: Window = reader;
  return [0, 1].every(
    (axis) =>
      own[axis] === 0 &&
      isPadding(kernel[axis], stride[axis], pad[axis], tensors[input].shape[axis], tensors[reader.output].shape[axis]),
  );
}

/** As `open` asks: less than the kernel, and behind the input no more than in front of it or half a kernel. */
function isPadding(kernel: number, stride: number, pad: number, input: number, output: number): boolean {
  const behind = (output - 1) * stride + kernel - input - pad;
  return pad < kernel && pad <= 255 && behind <= Math.max(pad, kernel >> 1);
}
