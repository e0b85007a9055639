/** Memory plans of random graphs: sharing memory changes no byte, and nothing that lives is written over. */
import { describe, expect, it } from 'vitest';
import * as F from '../../assembly/format.ts';
import { pack } from '../../host/image/pack.ts';
import { units } from '../../host/layout/lifetimes.ts';
import { placeTensors } from '../../host/layout/plan.ts';
import { cacheUnits, scratchBytes } from '../../host/layout/scratch.ts';
import { TOPOLOGIES } from '../../host/measure/topologies.ts';
import type { Model, Shape } from '../../host/model/model.ts';
import { OPERATORS } from '../../host/operators/registry.ts';
import { ImageView, type OperatorView, type ProgramView, RESIDENCY_NAMES } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES, type VariantName } from '../../host/runtime/variants.ts';
import { everything, ModelBuilder } from '../zoo.ts';

const GRAPHS = 240;
const LINEAR: [number, number] = [-128, 127];

/** A builder of operators that TFLite graphs are full of. */
class Graph extends ModelBuilder {
  inputs = [0];
  outputs: number[] = [];

  values(tensor: number): number {
    const [height, width, channels] = this.tensors[tensor].shape;
    return height * width * channels;
  }

  sum(input: number, input2: number): number {
    const output = this.tensor('add', [...this.tensors[input].shape]);
    this.operators.push({ kind: 'add', name: `add${output}`, input, input2, output, activation: LINEAR });
    return output;
  }

  /** Flat tensors one after another in a new one, that no copy fills. */
  join(parts: number[]): number {
    const sizes = parts.map((part) => this.values(part));
    const shape: Shape = [1, 1, sizes.reduce((sum, size) => sum + size, 0)];
    let outputOffset = 0;
    const output = this.tensor('join', shape, 'i8', 3);
    for (const [i, part] of parts.entries()) {
      this.copy(output, { run: sizes[i], outputOffset }, part);
      outputOffset += sizes[i];
    }
    return output;
  }

  slice(tensor: number, inputOffset: number, values: number): number {
    return this.copy([1, 1, values], { run: values, inputOffset }, tensor).newest;
  }

  reshape(tensor: number, shape: Shape): number {
    return this.copy(shape, { run: this.values(tensor) }, tensor).newest;
  }

  pooled(tensor: number, kind: 'averagePool' | 'maxPool', kernel: number, stride: number, pad: number): number {
    const window = { kernel: [kernel, kernel], stride: [stride, stride], pad: [pad, pad] };
    return this.from(tensor).pool(kind, window as Parameters<ModelBuilder['pool']>[1]).newest;
  }

  model(): Model {
    const model = this.build(this.outputs.length > 0 ? this.outputs : [this.newest]);
    model.programs[0].inputs = this.inputs;
    return model;
  }

  /** Of all inputs, one after another. */
  feed(): Uint8Array[] {
    return this.inputs.map((tensor) => {
      const bytes = this.values(tensor) * (this.tensors[tensor].type === 'i16' ? 2 : 1);
      return Uint8Array.from({ length: bytes }, () => this.integer(0, 255));
    });
  }
}

/** Operators in any order on any tensors made before, most often on recent ones. */
function randomGraph(seed: number): Graph {
  const g = new Graph(seed, [2, 2, 16]);
  g.tensors[0].shape = [g.integer(1, 4), g.integer(1, 5), g.pick([1, 3, 8, 16, 16, 32])];
  while (g.inputs.length < 3 && g.integer(0, 3) === 0)
    g.inputs.push(g.tensor('input', [1, g.integer(1, 3), g.pick([5, 16])]));
  const any = () => (g.integer(0, 2) > 0 ? g.integer(Math.max(0, g.newest - 2), g.newest) : g.integer(0, g.newest));
  const anyUpTo = (channels: number) => {
    return g.pick([...g.tensors.keys()].filter((t) => g.tensors[t].shape[2] <= channels));
  };
  const like = (tensor: number) => {
    const same = [...g.tensors.keys()].filter((t) => g.tensors[t].shape.join() === g.tensors[tensor].shape.join());
    return g.pick(same);
  };
  const steps: (() => unknown)[] = [
    () => g.lookup(g.tensor('lookup', [...g.tensors[g.from(any()).last].shape]), g.last),
    () => g.from(anyUpTo(256)).softmax(),
    () => g.from(anyUpTo(128)).argmax(),
    () => g.from(any()).mean(),
    () => g.from(any()).pointwise(g.pick([1, 4, 16, 20]), g.pick(['int8', 'int4', 'ternary'] as const)),
    () => g.from(any()).depthwise(1, { kernel: [1, 1], stride: [1, 1], pad: [0, 0] }),
    () => pooledAtRandom(g, any()),
    () => g.from(any()).multiply(like(g.last), g.last),
    () => {
      const input = any();
      const gate = g.from(input).mean().newest;
      g.multiply(gate, input);
    },
    ...Array.from({ length: 2 }, () => () => {
      const input = any();
      g.sum(input, like(input));
    }),
    ...Array.from({ length: 4 }, () => () => {
      const parts = Array.from({ length: g.integer(1, 4) }, any);
      if (parts.reduce((sum, part) => sum + g.values(part), 0) <= 2000) g.join(parts);
    }),
    ...Array.from({ length: 2 }, () => () => {
      const input = any();
      const at = Math.min(g.pick([0, 16, 32, 7]), g.values(input) - 1);
      g.slice(input, at, g.integer(1, g.values(input) - at));
    }),
    () => {
      const input = any();
      g.reshape(input, [1, g.values(input), 1]);
    },
    () => g.from(any()).concatenate([g.last, like(g.last)], g.pick([0, 2])),
    // some values of one tensor over some of another that holds something, perhaps what the program was given
    () => {
      const [from, to] = [any(), any()];
      const run = g.integer(1, Math.min(g.values(from), g.values(to)));
      if (from !== to) g.copy(to, { run, outputOffset: g.pick([0, g.values(to) - run]) }, from);
    },
  ];
  for (let o = g.integer(2, 14); o > 0 || g.operators.length === 0; o--) g.pick(steps)();
  if (g.integer(0, 3) === 0) g.tensor('unused', [1, 1, g.integer(1, 100)]);
  // the newest that was written, sometimes others, twice, or an input
  const written = g.operators.map(({ output }) => output);
  g.outputs = [written[written.length - 1]];
  while (g.integer(0, 2) === 0) g.outputs.push(g.pick([...written, 0]));
  return g;
}

function pooledAtRandom(g: Graph, input: number): void {
  const [height, width] = g.tensors[input].shape;
  const kernel = g.integer(1, Math.min(3, height, width));
  g.pooled(input, g.pick(['averagePool', 'maxPool'] as const), kernel, g.integer(1, 3), g.integer(0, kernel - 1));
}

/** Graphs that were thought of, not drawn: each with the sharing that could go wrong. */
const HOSTILE: Record<string, () => Graph> = {
  'a copy into the program input, which is read in between': () => {
    const g = new Graph(1, [1, 1, 32]);
    const half = g.slice(0, 0, 16);
    const table = g.from(half).pointwise(16).newest;
    g.from(0).pointwise(16);
    const kept = g.newest;
    g.copy(0, { run: 16 }, table);
    g.outputs = [kept, g.from(0).pointwise(8).newest];
    return g;
  },
  'a tensor added to itself': () => {
    const g = new Graph(2, [1, 3, 16]);
    g.sum(g.sum(0, 0), g.newest);
    return g;
  },
  'a tensor that is input and output, and overwritten by nothing': () => {
    const g = new Graph(3, [1, 3, 16]);
    g.lookup(g.tensor('t', [1, 3, 16]), 0);
    g.outputs = [0, g.newest, 0];
    return g;
  },
  'an input that several operators read, the last of them in place': () => {
    const g = new Graph(4, [2, 2, 16]);
    const a = g.from(0).softmax().newest;
    const b = g.lookup(g.tensor('t', [2, 2, 16]), 0).newest;
    const c = g.from(0).mean().newest;
    g.outputs = [g.sum(a, b), c];
    return g;
  },
  'a concatenation of concatenations, with parts made in place': () => {
    const g = new Graph(5, [1, 1, 16]);
    const parts = [1, 2, 3, 4].map(() => {
      const made = g.from(0).pointwise(16).newest;
      return g.lookup(g.tensor('t', [1, 1, 16]), made).newest;
    });
    const inner = [g.join(parts.slice(0, 2)), g.join(parts.slice(2))];
    g.lookup(g.tensor('t', [1, 1, 64]), g.join(inner));
    return g;
  },
  'the same tensor twice in a concatenation': () => {
    const g = new Graph(6, [1, 1, 16]);
    const made = g.from(0).pointwise(16).newest;
    g.join([made, made, made]);
    return g;
  },
  'a chain of copies, each of a part': () => {
    const g = new Graph(7, [1, 1, 80]);
    const made = g.from(0).pointwise(80).newest;
    g.lookup(g.tensor('t', [1, 1, 16]), g.slice(g.slice(g.slice(made, 16, 64), 16, 40), 16, 16));
    return g;
  },
  'parts that end inside a unit, written before and after what follows them': () => {
    const g = new Graph(8, [1, 1, 16]);
    const late = g.from(0).pointwise(16).newest;
    const early = g.from(0).pointwise(21).newest;
    const output = g.tensor('join', [1, 1, 37], 'i8', 0);
    g.copy(output, { run: 16, outputOffset: 21 }, late);
    g.copy(output, { run: 21 }, g.lookup(g.tensor('t', [1, 1, 21]), early).newest);
    return g;
  },
  'a large pool over its input, whose beginning a later operator would like': () => {
    const g = new Graph(9, [6, 6, 16]);
    const made = g.from(0).pointwise(16).newest;
    g.join([g.pooled(made, 'averagePool', 2, 2, 0), g.pooled(0, 'maxPool', 3, 2, 1)]);
    return g;
  },
};

/** One inference after another on one arena, which keeps what the one before left. */
function expectSame(g: Graph, variant: VariantName): void {
  const model = g.model();
  const [program] = model.programs;
  const runtime = new Runtime(pack(model, { tables: 'q31' }), variant).load();
  for (let inference = 0; inference < 2; inference++) {
    const feed = g.feed();
    const layers: Int8Array[] = [];
    const values = execute(model, program, feed, { tables: 'q31', after: (_, output) => layers.push(output) });
    const got = runtime.trace(Buffer.concat(feed), (o, output) => {
      // what the copies so far have left out of a tensor is not defined
      const writers = program.operators.flatMap((other, i) => (other.output === program.operators[o].output ? i : []));
      if (o === writers.at(-1)) expect(new Int8Array(output), program.operators[o].name).toEqual(layers[o]);
    });
    const wanted = program.outputs.map((t) =>
      Buffer.from(values[t].buffer, values[t].byteOffset, values[t].byteLength),
    );
    expect(Buffer.compare(Buffer.concat(wanted), got)).toBe(0);
  }
}

interface Life {
  at: number;
  bytes: number;
  first: number;
  last: number;
}

/** Tensors where the plan in the image has them, and when each must keep its values. */
function livesOf(view: ImageView, program: ProgramView): Life[] {
  const after = program.operators.length;
  return program.tensors.map(({ bytes }, t) => {
    const touches = program.operators.flatMap(({ input, input2, output }, o) =>
      [input, input2, output].includes(t) ? [o] : [],
    );
    if (program.inputs.some(({ tensor }) => tensor === t)) touches.push(-1);
    if (program.outputs.some(({ tensor }) => tensor === t)) touches.push(after);
    const at = view.u16(program.planAt + 2 * t) * F.ARENA_UNIT;
    return { at, bytes, first: Math.min(...touches), last: Math.max(...touches) };
  });
}

const meet = (a: { at: number; bytes: number }, b: { at: number; bytes: number }) =>
  a.at < b.at + b.bytes && b.at < a.at + a.bytes;

/**
 * Whether `a` and `b` may have the same bytes at a step: in place, or one waits where a copy would put it, or is a slice
 * of the other and nothing writes either again.
 */
function areMeantToMeet(view: ImageView, program: ProgramView, lives: Life[], a: number, b: number, step: number) {
  const inPlace = ({ kind, input, input2, output }: OperatorView, o: number) =>
    o === step &&
    output === b &&
    [input, input2].includes(a) &&
    (kind !== OPERATORS.copy.code || isStill(view, lives, program, o));
  const waits = ({ kind, input, output }: OperatorView, o: number) => {
    if (kind !== OPERATORS.copy.code || o < step || output !== b || !isStill(view, lives, program, o)) return false;
    const inside =
      lives[a].at >= lives[input].at && lives[a].at + lives[a].bytes <= lives[input].at + lives[input].bytes;
    return inside && lives[a].last <= o;
  };
  const isSlice = ({ kind, input, output }: OperatorView, o: number) =>
    kind === OPERATORS.copy.code &&
    o <= step &&
    input === a &&
    output === b &&
    isStill(view, lives, program, o) &&
    program.operators.every((other, at) => at <= o || (other.output !== a && other.output !== b));
  return program.operators.some((operator, o) => inPlace(operator, o) || waits(operator, o) || isSlice(operator, o));
}

/** A copy of one run from a place to the same place. */
function isStill(view: ImageView, lives: Life[], program: ProgramView, o: number): boolean {
  const { table, input, output } = program.operators[o];
  const parameter = (at: number) => view.u32(view.section(F.SECTION_TABLES).offset + table + at);
  return (
    [0, 4, 8].every((i) => parameter(F.COPY_COUNT_AT + i) === 1) &&
    lives[input].at + parameter(F.COPY_INPUT_OFFSET_AT) === lives[output].at + parameter(F.COPY_OUTPUT_OFFSET_AT)
  );
}

/** What is wrong with the plan in an image, in words. */
function faults(view: ImageView): string[] {
  const [program] = view.programs;
  const lives = livesOf(view, program);
  const found: string[] = [];
  const caches = program.operators.flatMap((operator, o) => {
    if (operator.residency !== F.RESIDENCY_BOOT && operator.residency !== F.RESIDENCY_LAZY) return [];
    const at = view.u16(program.planAt + 2 * (program.tensors.length + o)) * F.ARENA_UNIT;
    return [{ at, bytes: cacheUnits(view, program, operator) * F.ARENA_UNIT }];
  });
  for (let step = -1; step <= program.operators.length; step++) {
    const live = [...lives.keys()].filter((t) => lives[t].first <= step && step <= lives[t].last);
    const may = (a: number, b: number) => areMeantToMeet(view, program, lives, a, b, step);
    for (const a of live) {
      for (const b of live.filter((t) => t > a)) {
        if (meet(lives[a], lives[b]) && !may(a, b) && !may(b, a))
          found.push(`step ${step}: tensors ${a} and ${b} meet`);
      }
      if (lives[a].at < F.ARENA_HEADER_BYTES) found.push(`tensor ${a} lies in the header`);
      if (caches.some((cache) => meet(cache, lives[a]))) found.push(`tensor ${a} meets a cache`);
    }
    const operator = program.operators[step];
    if (!operator || operator.source === F.NONE) continue;
    const scratch = { at: operator.scratch * F.ARENA_UNIT, bytes: scratchBytes(view, program, operator) };
    const beside = [...live.map((t) => lives[t]), ...caches, { at: 0, bytes: F.ARENA_HEADER_BYTES }];
    if (beside.some((other) => meet(scratch, other))) found.push(`step ${step}: scratch meets what lives`);
    if (scratch.at + scratch.bytes > program.arenaBytes) found.push(`step ${step}: scratch leaves the arena`);
  }
  return found;
}

/** The peak of every tensor by itself, largest first, as other planners do. */
function plainPeak(view: ImageView): number {
  const [program] = view.programs;
  const placed: Life[] = [];
  const lowest = (taken: Life[], bytes: number) => {
    let at: number = F.ARENA_HEADER_BYTES;
    for (const other of taken.toSorted((a, b) => a.at - b.at)) {
      if (at + bytes <= other.at) break;
      at = Math.max(at, other.at + other.bytes);
    }
    return at;
  };
  const rounded = (bytes: number) => units(bytes, 1) * F.ARENA_UNIT;
  for (const life of livesOf(view, program).toSorted((a, b) => rounded(b.bytes) - rounded(a.bytes))) {
    const taken = placed.filter(({ first, last }) => first <= life.last && life.first <= last);
    placed.push({ ...life, bytes: rounded(life.bytes), at: lowest(taken, rounded(life.bytes)) });
  }
  const reaches = program.operators.map((operator, o) => {
    const sizes = RESIDENCY_NAMES.map((_, residency) => scratchBytes(view, program, { ...operator, residency }));
    const bytes = rounded(Math.min(...sizes));
    const live = placed.filter(({ first, last }) => first <= o && o <= last);
    return bytes === 0 ? 0 : lowest(live, bytes) + bytes;
  });
  return Math.max(...reaches, ...placed.map(({ at, bytes }) => at + bytes));
}

const graphs = Array.from({ length: GRAPHS }, (_, i) => randomGraph(i + 1));
const named = Object.entries(HOSTILE).map(([name, build]) => ({ name, build }));

describe.each(VARIANT_NAMES)('a plan changes no byte of any operator (%s)', (variant) => {
  it('of hundreds of random graphs', () => {
    const wrong: string[] = [];
    for (const [i, g] of graphs.entries()) {
      try {
        expectSame(g, variant);
      } catch (error) {
        wrong.push(`seed ${i + 1}: ${(error as Error).message.split('\n')[0]}`);
      }
    }
    expect(wrong.slice(0, 10)).toEqual([]);
  });

  it.each(named)('of $name', ({ build }) => expectSame(build(), variant));
});

describe('in a plan', () => {
  const views = [...graphs, ...named.map(({ build }) => build())].map((g) => new ImageView(pack(g.model())));
  const topologies = TOPOLOGIES.map(({ name, build }) => ({ name, view: new ImageView(pack(build())) }));

  it('nothing that lives meets anything it is not meant to: tensors, scratch, caches, header', () => {
    const zoo = [1, 2, 3].map((seed) => new ImageView(pack(everything(seed).build())));
    const all = [...views, ...zoo, ...topologies.map(({ view }) => view)].flatMap(faults);
    expect(all.slice(0, 10)).toEqual([]);
  });

  it('the peak is never below the bound, and never above that of plain largest-first', () => {
    for (const [i, view] of views.entries()) {
      const { peak, bound } = placeTensors(view, view.programs[0]);
      expect(peak, `graph ${i + 1}`).toBeGreaterThanOrEqual(bound);
      expect(peak * F.ARENA_UNIT, `graph ${i + 1}`).toBeLessThanOrEqual(plainPeak(view));
    }
  });

  it.each(topologies)('the peak of $name is the least there can be', ({ view }) => {
    const { peak, bound } = placeTensors(view, view.programs[0]);
    expect(peak).toBe(bound);
  });

  it('nine in ten random graphs reach the bound', () => {
    const reached = views.filter((view) => {
      const { peak, bound } = placeTensors(view, view.programs[0]);
      return peak === bound;
    });
    expect(reached.length / views.length).toBeGreaterThan(0.9);
  });
});

/** Arena of a graph in ARENA_UNITs behind the header; for graphs of tensors alone. */
function unitsOf(g: Graph): number {
  const view = new ImageView(pack(g.model()));
  return placeTensors(view, view.programs[0]).peak - F.ARENA_HEADER_BYTES / F.ARENA_UNIT;
}

describe('memory is shared', () => {
  const shape: Shape = [4, 4, 16]; // 16 units
  const cases: [name: string, expected: number, grow: (g: Graph) => unknown][] = [
    ['by a lookup and its input', 16, (g) => g.lookup(g.tensor('t', shape), 0)],
    ['by a softmax and its input', 16, (g) => g.from(0).softmax()],
    ['by an argmax and its input', 16, (g) => g.from(0).argmax()],
    ['by a mean and its input', 16, (g) => g.from(0).mean()],
    ['by a sum and either input', 32, (g) => g.sum(g.lookup(g.tensor('t', shape), 0).newest, 0)],
    ['by a pool that moves on as it writes, and its input', 16, (g) => g.pooled(0, 'maxPool', 2, 2, 0)],
    ['by a padded pool that moves on fast enough', 16, (g) => g.pooled(0, 'averagePool', 3, 2, 1)],
    ['not by a pool that reads rows again', 32, (g) => g.pooled(0, 'maxPool', 3, 1, 1)],
    ['by the parts of a concatenation and the whole', 32, (g) => g.join([g.lookup(g.tensor('t', shape), 0).newest, 0])],
    ['by a slice and what it is taken from', 16, (g) => g.slice(0, 32, 100)],
    ['not by a slice that begins inside a unit', 23, (g) => g.slice(0, 33, 100)],
    ['by a tensor and itself in another shape', 16, (g) => g.reshape(0, [1, 1, 256])],
    ['not by an input that is an output too', 32, (g) => (g.outputs = [0, g.from(0).softmax().newest])],
  ];
  it.each(cases)('%s', (_, expected, grow) => {
    const g = new Graph(1, shape);
    grow(g);
    expect(unitsOf(g)).toBe(expected);
    for (const variant of VARIANT_NAMES) expectSame(g, variant);
  });

  it('by a z-score and its samples, of one channel and no more', () => {
    for (const [channels, marker, expected] of [
      [1, null, 20],
      [1, { centre: 20, peak: 127, slope: 9 }, 20],
      [2, null, 60],
    ] as const) {
      const g = new Graph(1, [1, 160, channels], 'i16');
      g.standardize(marker);
      expect(unitsOf(g)).toBe(expected);
      for (const variant of VARIANT_NAMES) expectSame(g, variant);
    }
  });
});
