/**
 * Every row of the table of shapes, in every variant, against the slow twins, and what an operator touches: it reads
 * nothing but its inputs, its weights and the records, and writes nothing but its output, its scratch and its cache.
 */
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { bandRows, planeRowBytes } from '../../assembly/scratch.ts';
import { pack } from '../../host/image/pack.ts';
import { OPERATOR_NAMES, OPERATORS } from '../../host/operators/registry.ts';
import { ImageView, type OperatorView, RESIDENCY_NAMES, type TensorView } from '../../host/records/view.ts';
import type { KeptState } from '../../host/reference/executor.ts';
import { instantiate } from '../../host/runtime/node.ts';
import { VARIANT_NAMES, type VariantName } from '../../host/runtime/variants.ts';
import { GENERATORS, nameOf } from '../../host/sources/registry.ts';
import { type Range, type Reach, reachOf } from '../reach.ts';
import { chosenRows, ROW_ALONE, type ShapeRow, shapeRows, twin } from '../shapes.ts';

const chosen = chosenRows();

const READY_AT = 32; // in the arena: one bit per operator whose cache is filled (assembly/arena.ts)

/** A program in memory that holds garbage wherever the operator at hand has nothing to look for. */
class Sandbox {
  private readonly wasm;
  private readonly memory: Uint8Array;
  private readonly image = 96;
  private readonly arena: number;
  private readonly input: number;
  private readonly arenaBytes: number;
  private readonly reaches: Reach[];

  constructor(
    private readonly row: ShapeRow,
    variant: VariantName,
  ) {
    const bytes = pack(row.model, { tables: row.tables, lossless: true });
    const view = new ImageView(bytes);
    const [program] = view.programs;
    this.arenaBytes = program.arenaBytes;
    this.arena = aligned(this.image + bytes.length);
    this.input = this.arena + this.arenaBytes;
    this.reaches = program.operators.map((_, o) => this.placed(reachOf(view, program, o)));
    this.wasm = instantiate(variant);
    const missing = this.input + row.inputs[0].length + 4096 - this.wasm.memory.buffer.byteLength;
    this.wasm.memory.grow(Math.max(0, Math.ceil(missing / 65536)));
    this.memory = new Uint8Array(this.wasm.memory.buffer);
    this.memory.set(bytes, this.image);
    expectOk(this.wasm.open(this.image, bytes.length, 16), 'open');
  }

  /**
   * load, and an inference of every input, of the last one twice; throws at the first byte that is not as it must be.
   */
  check(): void {
    const { wasm, memory, arena, row } = this;
    const before = memory.slice();
    expectOk(wasm.load(this.image, 0, arena, this.arenaBytes), 'load');
    const own = this.reaches.flatMap(({ scratch, cache, state }) => [scratch, ...cache, ...state]);
    this.expectUntouched(before, [[arena, F.ARENA_HEADER_BYTES], ...own], 'load');
    const kept: KeptState = new Map();
    for (const input of [...row.inputs, row.inputs.at(-1)!]) {
      const { layers } = twin(row, input, kept);
      memory.set(input, this.input);
      expectOk(wasm.begin(arena, this.input), 'begin');
      row.model.programs[0].operators.forEach(({ kind }, o) => {
        this.checkOperator(o, `operator ${o}, ${kind}`, layers[o]);
      });
    }
  }

  /**
   * Runs operator `o` twice from the same state, amid different garbage, and leaves what a plain run of it leaves. One that
   * a route passes by, of which nothing is expected, may write nothing.
   */
  private checkOperator(o: number, what: string, expected: Int8Array | null): void {
    const { memory, arena } = this;
    const { reads, output, scratch, cache, image, state: kept } = this.reaches[o];
    const ready = ((memory[arena + READY_AT + (o >> 3)] >> (o & 7)) & 1) === 1;
    const state: Range = [arena + READY_AT, F.ARENA_HEADER_BYTES - READY_AT];
    const own = ready ? [output, scratch, ...kept] : [output, scratch, ...kept, ...cache, state];
    const writes = expected ? own : [];
    const known = ready ? [...reads, ...kept, ...image, ...cache] : [...reads, ...kept, ...image];
    const before = memory.slice();
    for (const garbage of [0xa5, 0x5a]) {
      memory.fill(garbage);
      copyRanges(before, known, memory);
      const start = memory.slice();
      expectOk(this.wasm.step(arena, o), what);
      const got = new Int8Array(memory.buffer, ...output);
      if (expected && Buffer.compare(bytesOf(got), bytesOf(expected)) !== 0) {
        const i = expected.findIndex((byte, k) => byte !== got[k]);
        throw new Error(`${what}: output byte ${i}: expected ${expected[i]}, got ${got[i]} amid ${garbage}`);
      }
      this.expectUntouched(start, writes, what);
    }
    copyRanges(memory, writes, before);
    memory.set(before);
  }

  /** Ranges as addresses. */
  private placed(reach: Reach): Reach {
    const from = (start: number, ranges: Range[]) => ranges.map(([at, bytes]): Range => [start + at, bytes]);
    const [output, scratch] = from(this.arena, [reach.output, reach.scratch]);
    return {
      reads: from(this.arena, reach.reads),
      output,
      scratch,
      cache: from(this.arena, reach.cache),
      state: from(this.arena, reach.state),
      image: from(this.image, reach.image),
    };
  }

  /** Throws when a byte outside of `may` differs from what it was. */
  private expectUntouched(before: Uint8Array, may: Range[], what: string): void {
    copyRanges(this.memory, may, before);
    if (Buffer.compare(this.memory, before) === 0) return;
    const at = this.memory.findIndex((byte, i) => byte !== before[i]);
    const allowed = may.map(([from, bytes]) => `${from - this.arena}+${bytes}`).join(' ');
    throw new Error(`${what}: byte ${at - this.arena} of the arena was written; allowed: ${allowed}`);
  }
}

function bytesOf({ buffer, byteOffset, byteLength }: Int8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

function copyRanges(from: Uint8Array, ranges: Range[], to: Uint8Array): void {
  for (const [at, bytes] of ranges) to.set(from.subarray(at, at + bytes), at);
}

function expectOk(status: number, call: string): void {
  if (status < 0) throw new Error(`${call}: expected 0, got status ${status}`);
}

function aligned(address: number): number {
  return (address + 15) & ~15;
}

/** Which paths through the kernels a shape takes. */
function geometry({ kind, kernel, stride, input, output }: OperatorView, tensors: readonly TensorView[]): string[] {
  const { height, width, channels } = tensors[output];
  const [inputChannels, depth] = [tensors[input].channels, tensors[input].bytes];
  if (kind === F.FULLY_CONNECTED) return channels < 4 ? [`few % ${depth % 4}`] : [];
  if (kind !== F.DEPTHWISE) return [];
  const rows = bandRows(height, width, kernel[0], stride[0], planeRowBytes(width, kernel[1], stride[1]));
  const words = [`${kernel.join('x')} s${stride[1]} ${width % 2 === 0 ? 'even' : 'odd'}`];
  if (rows < height) words.push(`band of ${rows}`);
  if (channels === inputChannels && channels > 8) words.push(channels % 8 === 0 ? 'eights' : 'eights and a tail');
  return words;
}

describe('the table of shapes', () => {
  it('holds every kind with every source, residency and table encoding, at every limit', () => {
    const seen = new Map<string, number>();
    const count = (...words: (string | number)[]) => {
      const key = words.join(' ');
      seen.set(key, (seen.get(key) ?? 0) + 1);
    };
    const rows = shapeRows();
    for (const { model, tables } of rows) {
      const view = new ImageView(pack(model, { tables, lossless: true }));
      const [{ operators, tensors }] = view.programs;
      for (const operator of operators) {
        const kind = OPERATOR_NAMES[operator.kind];
        count(kind);
        count('zero point', tensors[operator.input].zeroPoint);
        if (operator.source === F.NONE) continue;
        for (const words of geometry(operator, tensors)) count(words);
        const source = view.sources[operator.source];
        count(kind, RESIDENCY_NAMES[operator.residency]);
        count(kind, nameOf(source), source.encoding);
        count(kind, ['', 'q31', 'compact', '', 'uniform', 'short'][operator.encoding]);
      }
      for (const operator of model.programs[0].operators) {
        if (!('effectiveScale' in operator)) continue;
        for (const scale of operator.effectiveScale) count('shift', Math.floor(Math.log2(scale)) + 1);
        if (operator.activation[0] === operator.activation[1]) count('activation of one value');
      }
    }
    const weighted = ['pointwise', 'convolution', 'depthwise', 'fullyConnected'];
    const of = (kind: string) => [
      ...RESIDENCY_NAMES.map((residency) => `${kind} ${residency}`),
      ...[1, 2, 3, 4, 5].map((encoding) => `${kind} stored ${encoding}`),
      ...Object.keys(GENERATORS).map((source) => `${kind} ${source} 0`),
      ...['q31', 'compact', 'uniform', 'short'].map((word) => `${kind} ${word}`),
    ];
    const others = [...Object.keys(OPERATORS), 'activation of one value'];
    const numbers = [
      'zero point -128',
      'zero point 127',
      'zero point 0',
      ...[3, 0, -21, -22, -23, -30].map((n) => `shift ${n}`),
    ];
    const unrolled = ['3x3', '1x3', '1x4', '1x5'].flatMap((kernel) =>
      [1, 2].flatMap((stride) => ['odd', 'even'].map((width) => `${kernel} s${stride} ${width}`)),
    );
    const paths = ['eights', 'eights and a tail', 'band of 1', 'band of 2', ...[0, 1, 2, 3].map((n) => `few % ${n}`)];
    const wanted = [...weighted.flatMap(of), ...others, ...numbers, ...unrolled, ...paths];
    expect(wanted.filter((key) => (seen.get(key) ?? 0) < 4)).toEqual([]);
    expect(rows.length).toBeGreaterThanOrEqual(500);
  });
});

describe.each(VARIANT_NAMES)('in the %s runtime, every operator of the table', (variant) => {
  it('equals its twin whatever lies around it, and writes only what is its own', () => {
    const wrong: string[] = [];
    for (const row of chosen) {
      try {
        new Sandbox(row, variant).check();
      } catch (error) {
        wrong.push(`${row.name}: ${(error as Error).message}`);
      }
    }
    expect(wrong.slice(0, 12), ROW_ALONE).toEqual([]);
  });
});
