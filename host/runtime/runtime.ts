/**
 * The runtime in JavaScript: the very module that becomes C, given an image and an arena in linear memory. The only
 * file that touches that memory. It needs WebAssembly and nothing else; node.ts and load.ts know where that is.
 *
 *   0     16          96                                                      (each 16-byte aligned)
 *   |     | workspace | image | arena | input | output | stream |
 */
import { ARGMAX } from '../../assembly/format.ts';
import { NO_SUCH_PROGRAM, NOT_LOADED, NOT_STREAMED } from '../../assembly/status.ts';
import { areExclusive, type LayerCrc, NOT_RUN } from '../records/branches.ts';
import { ImageView } from '../records/view.ts';
import { dequantize, nameOf, type Port, type Ports, portsOf, quantize, TYPED } from './ports.ts';
import { StatusError } from './status.ts';
import { isArrayBuffer, isInt8Array, isInt16Array, isUint8Array } from './typed.ts';

/** assembly/index.ts */
export interface Exports extends Record<string, unknown> {
  memory: WebAssembly.Memory;
  version(): number;
  open(image: number, bytes: number, workspace: number): number;
  check(image: number, bytes: number, workspace: number): number;
  work(image: number, program: number): number;
  programs(image: number): number;
  arenaBytes(image: number, program: number): number;
  inputBytes(image: number, program: number): number;
  outputBytes(image: number, program: number): number;
  load(image: number, program: number, arena: number, bytes: number): number;
  operators(arena: number): number;
  invoke(arena: number, input: number, output: number): number;
  begin(arena: number, input: number): number;
  step(arena: number, operator: number): number;
  finish(arena: number, output: number): number;
  streamBytes(image: number, program: number): number;
  resetStream(arena: number, state: number): number;
  push(arena: number, state: number, samples: number, count: number): number;
  invokeStream(arena: number, state: number, output: number): number;
  outputAddress(arena: number, operator: number): number;
  outputSize(arena: number, operator: number): number;
  checkWeights(arena: number, operator: number, workspace: number): number;
  crc32(address: number, bytes: number, workspace: number): number;
}

export const WORKSPACE = 16; // what open, check and CRC work in
const REFUSED_AT = WORKSPACE + 64; // takes the offset of a refusal
export const IMAGE = 96;
const PAGE = 65536;
/** In place of a program's index while none is loaded. */
const NONE = -1;

/** A variant of the runtime: compiled, or its bytes, or an instance that no other Runtime uses any more. */
export type Wasm = WebAssembly.Module | ArrayBuffer | Uint8Array<ArrayBuffer> | Exports;

/** What an inference takes: the bytes of all inputs, one after another, or integers as each input has them. */
export type RuntimeInput = Uint8Array | Int8Array | Int16Array;

/** The class that a network chooses. */
export interface Classification {
  index: number;
  /** its name; null where the image has none */
  label: string | null;
  /** the largest of `scores`; null where the network itself answers with an index */
  score: number | null;
  /** of every class in real units, as the network gives them: probabilities behind a softmax, else logits */
  scores: Float32Array | null;
}

/**
 * One instance of a variant with one image loaded; makes as many programs run as the image has, one at a time.
 *
 * A call that is refused throws before it changes anything: what was loaded still runs.
 */
export class Runtime {
  private readonly view: ImageView;
  private readonly ports: Ports[];
  // places with room for the largest program, so that nothing moves or overlaps whatever is loaded
  private readonly arena: number;
  private readonly input: number;
  private readonly output: number;
  private readonly stream: number;
  private program = NONE;
  private tracing = false;
  private readonly wasm: Exports;

  /** Throws StatusError when `open` refuses the image. */
  constructor(image: Uint8Array, wasm: Wasm) {
    this.wasm = exportsOf(wasm);
    if (!isUint8Array(image)) throw new TypeError(`Runtime: image: expected a Uint8Array, got ${nameOf(image)}`);
    const bytes = Uint8Array.from(image); // what is proved stays as it was
    this.reserve(IMAGE + bytes.length);
    this.memory().set(bytes, IMAGE);
    const status = this.wasm.open(IMAGE, bytes.length, WORKSPACE);
    if (status < 0)
      throw new StatusError(status, new DataView(this.wasm.memory.buffer).getUint32(REFUSED_AT, true), 'open');
    this.view = new ImageView(bytes);
    this.ports = portsOf(this.view);
    const most = (size: (program: number) => number) =>
      this.ports.reduce((largest, _, program) => Math.max(largest, size(program)), 0);
    this.arena = align(IMAGE + bytes.length);
    this.input = align(this.arena + most((program) => this.arenaBytes(program)));
    this.output = align(this.input + most((program) => this.inputBytes(program)));
    this.stream = align(this.output + most((program) => this.outputBytes(program)));
  }

  get programs(): number {
    return this.ports.length;
  }

  /** RAM of a program, in bytes. */
  arenaBytes(program = 0): number {
    this.assertProgram(program, 'arenaBytes');
    return this.wasm.arenaBytes(IMAGE, program);
  }

  /** Units of 16 multiply-accumulates that no `load` and no `run` of a program exceeds. */
  work(program = 0): number {
    this.assertProgram(program, 'work');
    return this.wasm.work(IMAGE, program) >>> 0;
  }

  inputBytes(program = 0): number {
    this.assertProgram(program, 'inputBytes');
    return this.wasm.inputBytes(IMAGE, program);
  }

  outputBytes(program = 0): number {
    this.assertProgram(program, 'outputBytes');
    return this.wasm.outputBytes(IMAGE, program);
  }

  /** RAM of a program's stream beside that of the program, in bytes; 0 for a program that cannot be streamed. */
  streamBytes(program = 0): number {
    this.assertProgram(program, 'streamBytes');
    return this.wasm.streamBytes(IMAGE, program);
  }

  /** Inputs of the loaded program; before a load, of the first. */
  get inputs(): readonly Port[] {
    return this.portsOf(this.current).inputs;
  }

  /** Outputs of the loaded program; before a load, of the first. */
  get outputs(): readonly Port[] {
    return this.portsOf(this.current).outputs;
  }

  /** Inputs and outputs of any program. */
  portsOf(program: number): Ports {
    this.assertProgram(program, 'portsOf');
    return structuredClone(this.ports[program]);
  }

  /** Whether the first input is raw samples (i16), as the ECG networks take them, and not a quantised tensor (i8). */
  takesSamples(program = 0): boolean {
    this.assertProgram(program, 'takesSamples');
    return this.ports[program].inputs[0].type === 'int16';
  }

  /** Real units of one step of the first output. */
  outputScale(program = 0): number {
    this.assertProgram(program, 'outputScale');
    return this.ports[program].outputs[0].scale;
  }

  /** Of the loaded program. */
  get operators(): number {
    this.assertLoaded('operators');
    return this.wasm.operators(this.arena);
  }

  /** Binds a program to the arena and synthesises what is resident at boot. A stream begins anew. */
  load(program = 0): this {
    this.assertIdle('load');
    this.assertProgram(program, 'load');
    this.reserve(this.stream + this.streamBytes(program));
    check(this.wasm.load(IMAGE, program, this.arena, this.arenaBytes(program)), 'load');
    this.program = program;
    if (this.streamBytes(program) > 0) this.resetStream();
    return this;
  }

  /**
   * One inference. `input`: the bytes of all inputs, one after another, as a Uint8Array; or an Int8Array or Int16Array,
   * as the input's type is; of several inputs, a list with one of these for each. The answer is the bytes of all
   * outputs.
   */
  run(input: RuntimeInput | readonly RuntimeInput[]): Uint8Array {
    this.setInput(input, 'run');
    check(this.wasm.invoke(this.arena, this.input, this.output), 'invoke');
    return this.takeOutput();
  }

  /**
   * Takes new samples of a program that begins with log-mel features, any number of them, and answers how many frames
   * they have completed. Only these are computed.
   */
  push(samples: Int16Array): number {
    this.assertStream('push');
    if (!isInt16Array(samples)) throw new TypeError(`push: expected an Int16Array, got ${described(samples)}`);
    const most = this.inputBytes(this.program) >> 1; // they pass through the place of the input
    let frames = 0;
    for (let at = 0; at < samples.length; at += most) {
      const { buffer, byteOffset, byteLength, length } = samples.subarray(at, at + most);
      this.memory().set(new Uint8Array(buffer, byteOffset, byteLength), this.input);
      frames += check(this.wasm.push(this.arena, this.stream, this.input, length), 'push');
    }
    return frames;
  }

  /**
   * One inference on what was pushed: the bytes that `run` gives for the latest window, which begins with the first of
   * its frames. Frames that have not come yet are silent.
   */
  runStream(): Uint8Array {
    this.assertStream('runStream');
    check(this.wasm.invokeStream(this.arena, this.stream, this.output), 'invokeStream');
    return this.takeOutput();
  }

  /** Forgets what was pushed: silence again. */
  resetStream(): void {
    this.assertStream('resetStream');
    check(this.wasm.resetStream(this.arena, this.stream), 'resetStream');
  }

  /**
   * One inference operator by operator; `onOperator` gets a view of each result, valid only during the call. It is not
   * called for operators that were not run, as they are in a branch that was not taken.
   */
  trace(
    input: RuntimeInput | readonly RuntimeInput[],
    onOperator: (operator: number, output: Uint8Array) => void,
  ): Uint8Array {
    this.setInput(input, 'trace');
    this.tracing = true;
    try {
      check(this.wasm.begin(this.arena, this.input), 'begin');
      for (let operator = 0; operator < this.operators; operator++) {
        check(this.wasm.step(this.arena, operator), 'step');
        const address = this.wasm.outputAddress(this.arena, operator);
        if (address === 0) continue;
        onOperator(operator, this.memory().subarray(address, address + this.wasm.outputSize(this.arena, operator)));
      }
      check(this.wasm.finish(this.arena, this.output), 'finish');
      return this.takeOutput();
    } finally {
      this.tracing = false;
    }
  }

  /**
   * One inference with the CRC-32 of every operator's result. It is null where a later operator writes the same tensor,
   * as the copies of a concatenation do: what is not written yet is whatever lay there, which differs between variants;
   * and 'not run' in a branch that was not taken.
   */
  traceCrcs(input: RuntimeInput | readonly RuntimeInput[]): { output: Uint8Array; layers: LayerCrc[] } {
    this.assertLoaded('traceCrcs');
    const { operators, branches } = this.view.programs[this.program];
    const isWhole = (o: number) =>
      !operators.some((later, i) => i > o && later.output === operators[o].output && !areExclusive(branches, i, o));
    const layers: LayerCrc[] = operators.map(() => NOT_RUN);
    const output = this.trace(input, (operator, result) => {
      layers[operator] = isWhole(operator) ? this.wasm.crc32(result.byteOffset, result.length, WORKSPACE) >>> 0 : null;
    });
    return { output, layers };
  }

  /**
   * One inference of a classifier: real numbers in (of several inputs, a list for each), quantised here, and the class
   * with the largest score out, the first of equals. Throws for a first output that is no row of scores, nor an index.
   */
  classify(values: ArrayLike<number> | readonly ArrayLike<number>[]): Classification {
    this.assertLoaded('classify');
    const { inputs } = this.ports[this.program];
    const lists = isNested(values) ? values : [values];
    if (lists.length !== inputs.length)
      throw new TypeError(
        `classify: expected as many lists of numbers as inputs, ${inputs.length}, got ${lists.length}`,
      );
    this.assertScores('classify');
    return this.classOf(this.run(lists.map((list, i) => quantize(inputs[i], list))));
  }

  /** The same of what was pushed, as runStream takes it. */
  classifyStream(): Classification {
    this.assertStream('classifyStream');
    this.assertScores('classifyStream');
    return this.classOf(this.runStream());
  }

  private assertScores(call: string): void {
    const [{ shape }] = this.ports[this.program].outputs;
    if (shape[0] * shape[1] !== 1)
      throw new TypeError(
        `${call}: expected one row of scores, got ${shape.join(' x ')}; ` +
          `take ${call.replace('classify', 'run')} and dequantize`,
      );
  }

  private classOf(answer: Uint8Array): Classification {
    const { outputs } = this.ports[this.program];
    const [{ labels, bytes, offset }] = outputs;
    if (this.answersWithIndex()) {
      const index = answer[offset];
      return { index, label: labels?.[index] ?? null, score: null, scores: null };
    }
    const scores = dequantize(outputs[0], answer.subarray(offset, offset + bytes));
    const index = scores.reduce((best, score, at) => (score > scores[best] ? at : best), 0);
    return { index, label: labels?.[index] ?? null, score: scores[index], scores };
  }

  private answersWithIndex(): boolean {
    const { operators, outputs } = this.view.programs[this.program];
    return operators.findLast(({ output }) => output === outputs[0].tensor)?.kind === ARGMAX;
  }

  /** Real numbers as the loaded program's input takes them: quantize() of ports.ts. */
  quantize(values: ArrayLike<number>, input = 0): Int8Array | Int16Array {
    return quantize(this.port('inputs', input, 'quantize'), values);
  }

  /** Real numbers of one output out of the bytes that `run` gave: dequantize() of ports.ts. */
  dequantize(bytes: Uint8Array, output = 0): Float32Array {
    const port = this.port('outputs', output, 'dequantize');
    const expected = this.outputBytes(this.current);
    if (!isUint8Array(bytes) || bytes.length !== expected)
      throw new RangeError(`dequantize: expected the ${expected} bytes of an inference, got ${described(bytes)}`);
    return dequantize(port, bytes.subarray(port.offset, port.offset + port.bytes));
  }

  /** Throws StatusError when generated weights differ from the CRC that the image carries. */
  checkWeights(): void {
    this.assertIdle('checkWeights');
    this.assertLoaded('checkWeights');
    for (let operator = 0; operator < this.operators; operator++) {
      check(this.wasm.checkWeights(this.arena, operator, WORKSPACE), 'checkWeights');
    }
  }

  private get current(): number {
    return Math.max(this.program, 0);
  }

  private port(of: keyof Ports, index: number, call: string): Port {
    const ports = this.ports[this.current][of];
    if (ports[index]) return ports[index];
    throw new RangeError(`${call}: expected one of ${ports.length} ${of}, counted from 0, got ${String(index)}`);
  }

  private assertLoaded(call: string): void {
    if (this.program === NONE)
      throw new StatusError(NOT_LOADED, 0, call, '(expected a loaded program, got none; call load first)');
  }

  private assertStream(call: string): void {
    this.assertIdle(call);
    this.assertLoaded(call);
    if (this.streamBytes(this.program) > 0) return;
    const expected = 'expected a program that begins with log-mel features of its only input, got another; take run';
    throw new StatusError(NOT_STREAMED, 0, call, `(${expected})`);
  }

  /** An index that WebAssembly would make into another number is none, either. */
  private assertProgram(program: number, call: string): void {
    if (Number.isInteger(program) && program >= 0 && program < this.programs) return;
    const expected = `expected 0${this.programs > 1 ? ` to ${this.programs - 1}` : ''}`;
    throw new StatusError(NO_SUCH_PROGRAM, 0, call, `(${expected}, got ${String(program)})`);
  }

  /** The arena is in the middle of an inference while a trace calls back. */
  private assertIdle(call: string): void {
    if (this.tracing)
      throw new Error(`${call}: expected no trace to be under way, got a call out of one; call it after`);
  }

  private setInput(input: RuntimeInput | readonly RuntimeInput[], call: string): void {
    this.assertIdle(call);
    this.assertLoaded(call);
    const bytes = inputBytesOf(this.ports[this.program].inputs, input, call);
    let at = this.input;
    for (const part of bytes) {
      this.memory().set(part, at);
      at += part.length;
    }
  }

  private takeOutput(): Uint8Array {
    return this.memory().slice(this.output, this.output + this.outputBytes(this.program));
  }

  private memory(): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer);
  }

  private reserve(bytes: number): void {
    const missing = bytes - this.wasm.memory.buffer.byteLength;
    if (missing <= 0) return;
    try {
      this.wasm.memory.grow(Math.ceil(missing / PAGE));
    } catch {
      throw new RangeError(`Runtime: needs ${bytes} bytes of memory, which there are not; take a smaller image`);
    }
  }
}

const isNested = (values: ArrayLike<number> | readonly ArrayLike<number>[]): values is readonly ArrayLike<number>[] =>
  Array.isArray(values) && typeof values[0] === 'object';

/** The bytes of every input, checked: nothing is copied before all of them fit. */
function inputBytesOf(ports: readonly Port[], input: unknown, call: string): Uint8Array[] {
  if (!Array.isArray(input) && (ports.length === 1 || isUint8Array(input))) {
    const whole = { bytes: ports.reduce((sum, { bytes }) => sum + bytes, 0), type: ports[0].type };
    return [bytesOf(whole, input, `${call}: input`)];
  }
  if (!Array.isArray(input) || input.length !== ports.length) {
    const got = Array.isArray(input) ? `a list of ${input.length}` : described(input);
    const one = ports.length === 1 ? 'one input' : `a list of ${ports.length} inputs, or their bytes as one Uint8Array`;
    throw new TypeError(`${call}: input: expected ${one}, got ${got}`);
  }
  return ports.map((port, i) => bytesOf(port, input[i], `${call}: input ${i}`));
}

function bytesOf({ bytes, type }: Pick<Port, 'bytes' | 'type'>, input: unknown, what: string): Uint8Array {
  const isTyped = type === 'int16' ? isInt16Array : isInt8Array;
  const expected = `${TYPED[type]} of ${type === 'int16' ? bytes / 2 : bytes} or a Uint8Array of ${bytes} bytes`;
  if (!isUint8Array(input) && !isTyped(input))
    throw new TypeError(`${what}: expected ${expected}, got ${described(input)}`);
  if (input.byteLength !== bytes)
    throw new RangeError(`${what} must have ${bytes} bytes, got ${lengthOf(input.byteLength)}; expected ${expected}`);
  return new Uint8Array(input.buffer, input.byteOffset, input.byteLength);
}

/** A value by its kind and length; an array whose buffer was handed on has none. */
function described(value: unknown): string {
  if (!ArrayBuffer.isView(value)) return Array.isArray(value) ? `an Array of ${value.length}` : nameOf(value);
  return `${nameOf(value)} of ${lengthOf((value as Partial<Uint8Array>).length ?? value.byteLength)}`;
}

const lengthOf = (length: number): string =>
  `${length}${length === 0 ? ' (empty, or its buffer was transferred)' : ''}`;

/** A new instance, unless it is one already. */
function exportsOf(wasm: Wasm): Exports {
  if (wasm instanceof WebAssembly.Module) return new WebAssembly.Instance(wasm).exports as unknown as Exports;
  if (isUint8Array(wasm) || isArrayBuffer(wasm)) return exportsOf(new WebAssembly.Module(wasm));
  if (wasm?.memory instanceof WebAssembly.Memory) return wasm;
  throw new TypeError(`Runtime: wasm: expected a WebAssembly.Module or the bytes of one, got ${nameOf(wasm)}`);
}

function check(status: number, call: string): number {
  if (status < 0) throw new StatusError(status, 0, call);
  return status;
}

function align(address: number): number {
  return Math.ceil(address / 16) * 16;
}
