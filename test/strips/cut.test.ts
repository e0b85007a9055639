/** Operators in strips leave the bytes that they leave without. */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import type { Model, Shape, Window } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { cut, endsOf, outputOf } from '../../host/strips/cut.ts';
import { leanest, type Sliced, slice } from '../../host/strips/slice.ts';
import { withoutUnused } from '../../host/strips/tidy.ts';
import { ModelBuilder, random } from '../zoo.ts';

type Made = [name: string, input: Shape, axis: 0 | 1, make: (b: ModelBuilder) => unknown];

const row = (kernel: number, stride: number, pad: number): Window => ({
  kernel: [1, kernel],
  stride: [1, stride],
  pad: [0, pad],
});
const square = (kernel: number, stride: number, pad: number): Window => ({
  kernel: [kernel, kernel],
  stride: [stride, stride],
  pad: [pad, pad],
});

const NETWORKS: Made[] = [
  ['one layer of an odd signal', [1, 37, 3], 1, (b) => b.convolution(5, row(7, 2, 3))],
  ['a signal without padding', [1, 41, 4], 1, (b) => b.convolution(8, row(4, 3, 0)).depthwise(1, row(3, 1, 0))],
  [
    'blocks of a signal',
    [1, 64, 9],
    1,
    (b) =>
      b
        .convolution(6, row(7, 2, 2))
        .depthwise(2, row(5, 2, 1))
        .pointwise(7)
        .depthwise(1, row(4, 1, 1)),
  ],
  [
    'a window that is wider than its step',
    [1, 30, 2],
    1,
    (b) => b.convolution(4, row(9, 1, 4)).pool('maxPool', row(3, 2, 1)),
  ],
  [
    'rows of a picture',
    [19, 11, 3],
    0,
    (b) =>
      b
        .convolution(5, square(3, 2, 1))
        .depthwise(1, square(3, 1, 1))
        .pointwise(4),
  ],
  [
    'columns of a picture',
    [10, 23, 3],
    1,
    (b) => b.convolution(5, square(3, 1, 1)).pool('averagePool', square(2, 2, 0)),
  ],
  [
    'a residual',
    [12, 8, 4],
    0,
    (b) => {
      const { newest } = b.convolution(4, square(3, 1, 1));
      return b
        .depthwise(1, square(3, 1, 1))
        .pointwise(4)
        .add(newest);
    },
  ],
  [
    'concatenated channels',
    [1, 32, 4],
    1,
    (b) => {
      const { newest } = b.convolution(6, row(5, 2, 2));
      return b
        .pointwise(8)
        .concatenate([newest, b.newest], 2)
        .depthwise(1, row(3, 1, 1));
    },
  ],
];

/** Weights that are read in place: those that are kept as INT8 would be kept for every strip. */
function inFlash(model: Model): Model {
  for (const operator of model.programs[0].operators) if ('residency' in operator) operator.residency = 'flash';
  return model;
}

const inputFor = (bytes: number, seed: number) => {
  const next = random(seed);
  return Uint8Array.from({ length: bytes }, () => Math.floor(256 * next()));
};

/** The same model with all operators of its program in strips, which `b.argmax` and the like are not behind. */
function inStrips(model: Model, axis: 0 | 1, strips: number, consume: boolean): Model {
  const [program] = model.programs;
  const region = { first: 0, last: program.operators.length - 1, axis, strips, consume };
  return { ...model, programs: [withoutUnused(cut(program, region).program)] };
}

function expectSame(before: Uint8Array, after: Uint8Array, inputs: number): void {
  for (const variant of VARIANT_NAMES) {
    const [one, other] = [before, after].map((image) => new Runtime(image, variant).load());
    for (let seed = 0; seed < inputs; seed++) {
      const given = one.inputs.map(({ bytes }, i) => inputFor(bytes, 10 * seed + i));
      expect(other.run(given), variant).toEqual(one.run(given));
    }
  }
}

describe('strips', () => {
  it.each(
    NETWORKS.flatMap(([name, input, axis, make]) =>
      [2, 3, 5].flatMap((strips) => [false, true].map((consume) => ({ name, input, axis, make, strips, consume }))),
    ),
  )(
    'of $name, $strips of them, input taken apart: $consume, give the same bytes',
    ({ input, axis, make, strips, consume }) => {
      const b = new ModelBuilder(strips, input);
      make(b);
      const model = inFlash(b.build());
      const after = inStrips(model, axis, strips, consume);
      expect(after.programs[0].operators.length).toBeGreaterThan(strips * model.programs[0].operators.length);
      expectSame(pack(model), pack(after, { shareTables: true }), 2);
    },
  );

  it('have their tables once, and pack again to the same image', () => {
    const b = new ModelBuilder(3, [1, 64, 4]);
    b.convolution(8, row(5, 2, 2)).pointwise(8);
    const after = inStrips(inFlash(b.build()), 1, 4, false);
    const [apart, together] = [pack(after), pack(after, { shareTables: true })];
    const { model, ...options } = unpack(new ImageView(together));
    expect(together.length).toBeLessThan(apart.length);
    expect(pack(model, options)).toEqual(together);
    expectSame(apart, together, 1);
  });

  it('end on units of the arena where there are enough positions', () => {
    expect(endsOf(32, 12, 3)).toEqual([12, 24, 32]);
    expect(endsOf(5, 3, 2)).toEqual([3, 5]);
    expect(endsOf(64, 16, 4)).toEqual([16, 32, 48, 64]);
  });

  it('are refused to operators that make more than one tensor', () => {
    const b = new ModelBuilder(1, [1, 16, 4]);
    const { newest } = b.convolution(4, row(3, 1, 1));
    b.pointwise(4).add(newest);
    const [program] = b.build().programs;
    expect(outputOf(program, 0, 1)).toBeNull();
    expect(() => cut(program, { first: 0, last: 1, axis: 1, strips: 2, consume: false })).toThrow(
      'more than one tensor',
    );
  });
});

describe('a network whose first layers need most RAM', () => {
  const b = new ModelBuilder(7, [24, 24, 3]);
  b.convolution(16, square(3, 1, 1))
    .depthwise(1, square(3, 2, 1))
    .pointwise(16)
    .mean()
    .fullyConnected(4);
  const image = pack(inFlash(b.build()));
  const unpacked = unpack(new ImageView(image));

  it('needs half of it in strips, for less than a quarter more work, and answers the same', () => {
    const sliced = slice(unpacked, { program: 0, mostMacs: 1.25, strips: 6 });
    const [before, ...others] = sliced.steps;
    const after = others.at(-1)!;
    expect(after.arenaBytes).toBeLessThan(before.arenaBytes / 2);
    expect(after.macs).toBeLessThanOrEqual(1.25 * before.macs);
    expect(new ImageView(sliced.image).programs[0].arenaBytes).toBe(after.arenaBytes);
    expectSame(image, sliced.image, 2);
  });

  it.each([
    [
      'the smallest arena',
      [
        [3000, 80],
        [3536, 60],
      ],
      0,
    ],
    [
      'fewer operators where the arena is 2 % larger at most',
      [
        [3552, 248],
        [3536, 158],
        [3600, 122],
      ],
      2,
    ],
    [
      'of as many operators the smaller arena',
      [
        [1010, 40],
        [1000, 40],
      ],
      1,
    ],
  ])('is cut into what takes %s', (_, sizes, expected) => {
    const all = sizes.map(([arenaBytes, operators]) => ({
      steps: [
        { what: '', strips: 2, arenaBytes: arenaBytes!, macs: 0, operators: operators!, imageBytes: 0 },
      ] as Sliced['steps'],
    }));
    expect(all.indexOf(leanest(all))).toBe(expected);
  });

  it('is refused where nothing may be computed twice and nothing else helps', () => {
    const flat = new ModelBuilder(2, [1, 1, 8]);
    flat.pointwise(8).fullyConnected(4);
    const one = unpack(new ImageView(pack(inFlash(flat.build()))));
    expect(() => slice(one, { program: 0, mostMacs: 1 })).toThrow('no strips of its operators take less RAM');
  });
});

describe('a route', () => {
  it('whose branches are alike needs less RAM and answers the same, with the features of its selector first', () => {
    const b = new ModelBuilder(4, [1, 64, 4]);
    const first = b.convolution(6, row(7, 2, 2)).newest;
    const branch = () => {
      b.from(0).convolution(24, row(7, 2, 2));
      b.from(null)
        .concatenate([b.newest, first], 2)
        .depthwise(1, row(5, 2, 1))
        .pointwise(8)
        .mean()
        .fullyConnected(4);
    };
    b.mean().fullyConnected(3).route([branch, branch, branch]);
    const image = pack(inFlash(b.build()));
    const { image: after, steps } = slice(unpack(new ImageView(image)), { program: 0, mostMacs: 1.5, strips: 3 });
    expect(steps.at(-1)!.arenaBytes).toBeLessThan(steps[0].arenaBytes);
    expectSame(image, after, 6);
  });
});
