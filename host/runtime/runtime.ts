/**
 * The runtime in Node: the very module that becomes C, given an image and an arena in linear memory. The only file
 * that touches that memory.
 *
 *   0     16          96                                             (each 16-byte aligned)
 *   |     | workspace | image | arena | input | output |
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { instantiateSync } from '@assemblyscript/loader';
import { TYPE_I16 } from '../../assembly/format.ts';
import { projectRoot } from '../board/root.ts';
import { ImageView } from '../image/view.ts';
import { StatusError } from './status.ts';

export type VariantName = 'scalar' | 'dsp' | 'simd';

/** assembly/index.ts */
interface Exports extends Record<string, unknown> {
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
  outputAddress(arena: number, operator: number): number;
  outputSize(arena: number, operator: number): number;
  checkWeights(arena: number, operator: number, workspace: number): number;
  crc32(address: number, bytes: number, workspace: number): number;
}

const WORKSPACE = 16; // what open, check and CRC work in
const REFUSED_AT = WORKSPACE + 64; // takes the offset of a refusal
const IMAGE = 96;
const PAGE = 65536;

/** One instance of a variant with one image loaded; makes as many programs run as the image has, one at a time. */
export class Runtime {
  private readonly arena: number;
  private input = 0;
  private output = 0;
  private program = -1;
  private readonly view: ImageView;

  /** Throws StatusError when `open` refuses the image. */
  constructor(
    image: Uint8Array,
    variant: VariantName = 'scalar',
    private readonly wasm: Exports = instantiate(variant),
  ) {
    this.reserve(IMAGE + image.length);
    this.memory().set(image, IMAGE);
    const status = wasm.open(IMAGE, image.length, WORKSPACE);
    if (status < 0) throw new StatusError(status, new DataView(wasm.memory.buffer).getUint32(REFUSED_AT, true), 'open');
    this.arena = align(IMAGE + image.length);
    this.view = new ImageView(image);
  }

  get programs(): number {
    return this.wasm.programs(IMAGE);
  }

  /** RAM of a program, in bytes. */
  arenaBytes(program = 0): number {
    return this.wasm.arenaBytes(IMAGE, program);
  }

  /** Units of 16 multiply-accumulates that no `load` and no `run` of a program exceeds. */
  work(program = 0): number {
    return this.wasm.work(IMAGE, program) >>> 0;
  }

  inputBytes(program = 0): number {
    return this.wasm.inputBytes(IMAGE, program);
  }

  outputBytes(program = 0): number {
    return this.wasm.outputBytes(IMAGE, program);
  }

  /** Whether the first input is raw samples (i16), as the ECG networks take them, and not a quantised tensor (i8). */
  takesSamples(program = 0): boolean {
    const { inputs, tensors } = this.view.programs[program];
    return tensors[inputs[0].tensor].type === TYPE_I16;
  }

  /** Real units of one step of the first output. */
  outputScale(program = 0): number {
    return this.view.programs[program].outputs[0].scale;
  }

  get operators(): number {
    return this.wasm.operators(this.arena);
  }

  /** Binds a program to the arena and synthesises what is resident at boot. */
  load(program = 0): this {
    const arenaBytes = this.arenaBytes(program);
    this.input = align(this.arena + arenaBytes);
    this.output = align(this.input + this.inputBytes(program));
    this.reserve(this.output + this.outputBytes(program));
    check(this.wasm.load(IMAGE, program, this.arena, arenaBytes), 'load');
    this.program = program;
    return this;
  }

  /** One inference; input and output are the raw tensors, one after another. */
  run(input: Uint8Array): Uint8Array {
    this.setInput(input);
    check(this.wasm.invoke(this.arena, this.input, this.output), 'invoke');
    return this.takeOutput();
  }

  /** One inference operator by operator; `onOperator` gets a view of each result, valid only during the call. */
  trace(input: Uint8Array, onOperator: (operator: number, output: Uint8Array) => void): Uint8Array {
    this.setInput(input);
    check(this.wasm.begin(this.arena, this.input), 'begin');
    for (let operator = 0; operator < this.operators; operator++) {
      check(this.wasm.step(this.arena, operator), 'step');
      const address = this.wasm.outputAddress(this.arena, operator);
      onOperator(operator, this.memory().subarray(address, address + this.wasm.outputSize(this.arena, operator)));
    }
    check(this.wasm.finish(this.arena, this.output), 'finish');
    return this.takeOutput();
  }

  /**
   * One inference with the CRC-32 of every operator's result. It is null where a later operator writes the same tensor, as
   * the copies of a concatenation do: what is not written yet is whatever lay there, which differs between variants.
   */
  traceCrcs(input: Uint8Array): { output: Uint8Array; layers: (number | null)[] } {
    const layers: (number | null)[] = [];
    const outputs = this.view.programs[this.program].operators.map((operator) => operator.output);
    const output = this.trace(input, (operator, result) => {
      const whole = outputs.lastIndexOf(outputs[operator]) === operator;
      layers.push(whole ? this.wasm.crc32(result.byteOffset, result.length, WORKSPACE) >>> 0 : null);
    });
    return { output, layers };
  }

  /** Throws StatusError when generated weights differ from the CRC that the image carries. */
  checkWeights(): void {
    for (let operator = 0; operator < this.operators; operator++) {
      check(this.wasm.checkWeights(this.arena, operator, WORKSPACE), 'checkWeights');
    }
  }

  private setInput(input: Uint8Array): void {
    const expected = this.inputBytes(Math.max(this.program, 0));
    if (this.program < 0) throw new Error('runtime: no program is loaded; call load first');
    if (input.length !== expected)
      throw new RangeError(`runtime: input must have ${expected} bytes, got ${input.length}`);
    this.memory().set(input, this.input);
  }

  private takeOutput(): Uint8Array {
    return this.memory().slice(this.output, this.output + this.outputBytes(this.program));
  }

  private memory(): Uint8Array {
    return new Uint8Array(this.wasm.memory.buffer);
  }

  private reserve(bytes: number): void {
    const missing = bytes - this.wasm.memory.buffer.byteLength;
    if (missing > 0) this.wasm.memory.grow(Math.ceil(missing / PAGE));
  }
}

/** A fresh instance of a built variant. */
export function instantiate(variant: VariantName): Exports {
  return instantiateSync<Exports>(moduleOf(variant), {}).exports;
}

const modules = new Map<string, WebAssembly.Module>();

function moduleOf(variant: VariantName): WebAssembly.Module {
  let module = modules.get(variant);
  if (!module) {
    const path = join(projectRoot(), 'dist', 'runtime', `htpw.${variant}.node.wasm`);
    let bytes: Uint8Array<ArrayBuffer>;
    try {
      bytes = new Uint8Array(readFileSync(path));
    } catch {
      throw new Error(`runtime variant "${variant}" is not built: expected ${path}; run npm run build`);
    }
    module = new WebAssembly.Module(bytes);
    modules.set(variant, module);
  }
  return module;
}

function check(status: number, call: string): void {
  if (status < 0) throw new StatusError(status, 0, call);
}

function align(address: number): number {
  return (address + 15) & ~15;
}
