/** Which single flipped bits of an opened image each check finds, and which change an answer. */
import * as F from '../../assembly/format.ts';
import { regionsOf } from '../image/regions.ts';
import type { Category } from '../records/categories.ts';
import { ImageView } from '../records/view.ts';
import { instantiate } from '../runtime/node.ts';
import { IMAGE, WORKSPACE } from '../runtime/runtime.ts';
import { FASTEST } from '../runtime/variants.ts';
import { Random } from '../system/random.ts';

export interface FlipFigure {
  /** what the bits belong to */
  part: 'records' | 'stored weights' | 'generated weights' | 'tables' | 'the rest';
  flips: number;
  /** found by htpw_check */
  check: number;
  /** found by htpw_check_weights of every operator; null for records, which nobody may run once they are damaged */
  checkWeights: number | null;
  /** bits that change an output byte of any of the inputs; null as above */
  answers: number | null;
}

const PARTS: Partial<Record<Category, FlipFigure['part']>> = {
  header: 'records',
  program: 'records',
  plan: 'records',
  'quantisation tables': 'tables',
  metadata: 'the rest',
  trailer: 'the rest',
  generator: 'generated weights',
  'basis/head': 'generated weights',
  codes: 'generated weights',
  codebook: 'generated weights',
  indices: 'generated weights',
};

/** Flips `flips` bits of an image with one program, each by itself, drawn by a seed from all its bytes. */
export function countFlips(image: Uint8Array, inputs: readonly Uint8Array[], flips: number): FlipFigure[] {
  const opened = new OpenedImage(image, inputs);
  const random = new Random(1);
  const regions = regionsOf(new ImageView(image));
  const figures = new Map<FlipFigure['part'], FlipFigure>();
  for (let i = 0; i < flips; i++) {
    const at = random.below(image.length);
    const region = regions.find(({ offset, bytes }) => at >= offset && at < offset + bytes)!;
    const part = /^(weight source|generator record)/.test(region.label)
      ? 'records'
      : (PARTS[region.category] ?? 'stored weights');
    const figure = figures.get(part) ?? { part, flips: 0, check: 0, checkWeights: null, answers: null };
    figures.set(part, figure);
    const { check, weights, answer } = opened.flipped(at, random.below(8), part !== 'records');
    figure.flips++;
    figure.check += Number(check);
    if (part === 'records') continue;
    figure.checkWeights = (figure.checkWeights ?? 0) + Number(weights);
    figure.answers = (figure.answers ?? 0) + Number(answer);
  }
  return [...figures.values()].sort((a, b) => b.flips - a.flips);
}

/** An image in WebAssembly's memory that was opened before it is damaged. */
class OpenedImage {
  private readonly wasm = instantiate(FASTEST);
  private readonly arena: number;
  private readonly input: number;
  private readonly output: number;
  private readonly memory: Uint8Array;
  private readonly expected: string[];

  constructor(
    private readonly image: Uint8Array,
    private readonly inputs: readonly Uint8Array[],
  ) {
    const { wasm } = this;
    wasm.memory.grow(Math.ceil((IMAGE + 2 * image.length + (1 << 21)) / 65536));
    this.memory = new Uint8Array(wasm.memory.buffer);
    this.memory.set(image, IMAGE);
    if (wasm.open(IMAGE, image.length, WORKSPACE) !== 0) throw new Error('open: expected an image in order');
    this.arena = aligned(IMAGE + image.length);
    this.input = aligned(this.arena + wasm.arenaBytes(IMAGE, 0));
    this.output = aligned(this.input + wasm.inputBytes(IMAGE, 0));
    this.expected = this.answers();
  }

  flipped(at: number, bit: number, run: boolean): { check: boolean; weights: boolean; answer: boolean } {
    const { memory, wasm } = this;
    memory[IMAGE + at] ^= 1 << bit;
    const check = wasm.check(IMAGE, this.image.length, WORKSPACE) < 0;
    const answer = run && this.answers().some((output, i) => output !== this.expected[i]);
    let weights = false;
    for (let o = 0; run && o < wasm.operators(this.arena); o++)
      weights = wasm.checkWeights(this.arena, o, WORKSPACE) < 0 || weights;
    memory[IMAGE + at] ^= 1 << bit;
    return { check, weights, answer };
  }

  private answers(): string[] {
    const { memory, wasm } = this;
    wasm.load(IMAGE, 0, this.arena, wasm.arenaBytes(IMAGE, 0));
    return this.inputs.map((input) => {
      memory.set(input, this.input);
      wasm.invoke(this.arena, this.input, this.output);
      return Buffer.from(memory.subarray(this.output, this.output + wasm.outputBytes(IMAGE, 0))).toString('latin1');
    });
  }
}

const aligned = (address: number): number => (address + F.ARENA_UNIT - 1) & ~(F.ARENA_UNIT - 1);
