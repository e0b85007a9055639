/** The inputs and outputs of a program: what an image says of each, and real numbers to and from its integers. */
import { ARGMAX, TYPE_I16 } from '../../assembly/format.ts';
import { metadataAt } from '../records/names.ts';
import type { ImageView, PortView, ProgramView } from '../records/view.ts';
import { isInt8Array, isInt16Array, isUint8Array } from './typed.ts';

/** An input or output; of several, the values lie one port after another. */
export interface Port {
  /** height, width, channels */
  shape: [height: number, width: number, channels: number];
  type: 'int8' | 'int16';
  /** real value = scale * (integer - zeroPoint) */
  scale: number;
  zeroPoint: number;
  /** names of an output's values, or of those that an argmax answers with; null where the image has none */
  labels: string[] | null;
  /** where its bytes begin among those of all inputs, or all outputs */
  offset: number;
  bytes: number;
}

/** What a program takes and gives, in the order of the bytes of run(). */
export interface Ports {
  inputs: Port[];
  outputs: Port[];
}

/** The ports of every program. */
export function portsOf(view: ImageView): Ports[] {
  return view.programs.map((program, index) => {
    const labels = labelsOf(view, index);
    return {
      inputs: inARow(program, program.inputs, () => null),
      outputs: inARow(program, program.outputs, (port) => (isLabelled(program, port, labels) ? labels : null)),
    };
  });
}

function inARow(program: ProgramView, ports: PortView[], labels: (port: PortView) => string[] | null): Port[] {
  let offset = 0;
  return ports.map((port) => {
    const { height, width, channels, type, zeroPoint, bytes } = program.tensors[port.tensor];
    const at = offset;
    offset += bytes;
    return {
      shape: [height, width, channels],
      type: type === TYPE_I16 ? 'int16' : 'int8',
      scale: port.scale,
      zeroPoint,
      labels: labels(port),
      offset: at,
      bytes,
    };
  });
}

/** Those of the metadata, which may hold anything, or nothing. Where they list no programs, labels are for all. */
function labelsOf(view: ImageView, program: number): string[] | null {
  let labels: unknown;
  try {
    const metadata = view.metadata();
    labels = (Array.isArray(metadata.programs) ? metadataAt(metadata, program) : metadata).labels;
  } catch {
    return null; // metadata is for people: an image runs without it
  }
  if (!Array.isArray(labels) || labels.length === 0) return null;
  return labels.every((label) => typeof label === 'string') ? labels : null;
}

function isLabelled({ tensors, operators }: ProgramView, { tensor }: PortView, labels: string[] | null): boolean {
  const { height, width, channels } = tensors[tensor];
  const isArgmax = operators.some(({ kind, output }) => kind === ARGMAX && output === tensor);
  return labels !== null && (isArgmax || height * width * channels === labels.length);
}

const valuesOf = ({ shape: [height, width, channels] }: Port): number => height * width * channels;

function assertScaled({ scale }: Port, what: string): void {
  if (!(scale > 0 && scale < Infinity))
    throw new RangeError(`${what}: expected a port with a positive scale, got ${scale}; give it integers`);
}

function assertCount(port: Port, got: number, what: string): void {
  const expected = valuesOf(port);
  if (got !== expected)
    throw new RangeError(`${what}: expected ${expected} values (${port.shape.join(' x ')}), got ${got}`);
}

/**
 * Real numbers as a port takes them: round(value / scale) + zeroPoint, ties away from zero, as far as its type goes.
 * Throws for another number of values than the port has, and for one that is no number.
 */
export function quantize(port: Port, values: ArrayLike<number>): Int8Array | Int16Array {
  assertScaled(port, 'quantize');
  assertCount(port, values?.length, 'quantize');
  const wide = port.type === 'int16';
  const integers = wide ? new Int16Array(values.length) : new Int8Array(values.length);
  const [least, most] = wide ? [-32768, 32767] : [-128, 127];
  for (let i = 0; i < values.length; i++) {
    const steps = values[i] / port.scale;
    if (typeof values[i] !== 'number' || Number.isNaN(steps))
      throw new TypeError(`quantize: value ${i}: expected a number, got ${String(values[i])}`);
    const rounded = Math.sign(steps) * Math.round(Math.abs(steps));
    integers[i] = Math.max(least, Math.min(most, rounded + port.zeroPoint));
  }
  return integers;
}

/**
 * What a port's integers mean: scale * (integer - zeroPoint). `values`: an array of its type, or its bytes as an
 * inference gives them.
 */
export function dequantize(port: Port, values: Int8Array | Int16Array | Uint8Array): Float32Array {
  assertScaled(port, 'dequantize');
  const integers = integersOf(port, values);
  assertCount(port, integers.length, 'dequantize');
  return Float32Array.from(integers, (integer) => port.scale * (integer - port.zeroPoint));
}

function integersOf({ type }: Port, values: Int8Array | Int16Array | Uint8Array): Int8Array | Int16Array {
  if (type === 'int16' && isInt16Array(values)) return values;
  if (type === 'int8' && isInt8Array(values)) return values;
  if (!isUint8Array(values))
    throw new TypeError(`dequantize: expected ${TYPED[type]} or bytes as a Uint8Array, got ${nameOf(values)}`);
  const bytes = Uint8Array.from(values); // whatever it is aligned to
  return type === 'int16' ? new Int16Array(bytes.buffer, 0, bytes.length >> 1) : new Int8Array(bytes.buffer);
}

/** The array that holds a port's integers. */
export const TYPED = { int8: 'an Int8Array', int16: 'an Int16Array' } as const;

/** What a value is, for a message. */
export function nameOf(value: unknown): string {
  if (value === null || typeof value !== 'object') return value === null ? 'null' : typeof value;
  return value.constructor?.name || 'an object';
}

/** The fewest decimal digits that a reader of 32-bit floats makes this very number of; at most nine. */
export function shortest(scale: number): string {
  const near = [1 - 2 ** -40, 1, 1 + 2 ** -40]; // not on the border to another float, however it is read
  for (let digits = 1; digits < 9; digits++) {
    const text = scale.toPrecision(digits);
    if (near.every((factor) => Object.is(Math.fround(Number(text) * factor), scale))) return String(Number(text));
  }
  return String(Number(scale.toPrecision(9)));
}
