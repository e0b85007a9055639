/** Plans against the real memory planner and the runtime; costs are invented here, measured in board.test.ts. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { anyInput } from '../../host/agent/session.ts';
import { axisOf } from '../../host/drawing/axis.ts';
import { plot } from '../../host/drawing/curvePlot.ts';
import { svg } from '../../host/drawing/curveSvg.ts';
import { pack } from '../../host/image/pack.ts';
import { withResidencies } from '../../host/image/seal.ts';
import { ImageView } from '../../host/records/view.ts';
import { parseBytes } from '../../host/residency/budget.ts';
import { uniformImage } from '../../host/residency/costs.ts';
import { type Costs, residenciesOf, residencyCurve } from '../../host/residency/curve.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { everything, random } from '../zoo.ts';

const ECG = new Uint8Array(readFileSync('models/ecg-beats.htpw'));

/** Two programs over the same sources. */
function twoPrograms(seed: number): Uint8Array {
  const model = everything(seed).build();
  return pack({ ...model, programs: [model.programs[0], { ...model.programs[0], name: 'again' }] });
}

const IMAGES: [string, Uint8Array][] = [
  ['the ECG model', ECG],
  ['the INT4 control', new Uint8Array(readFileSync('models/controls/ecg-beats-int4.htpw'))],
  ['the INT8 control', new Uint8Array(readFileSync('models/controls/ecg-beats-int8.htpw'))],
  ['a network of everything', pack(everything(3).build())],
  ['an image of two programs', twoPrograms(4)],
];

/** What a board might have measured: streaming costs more than caches, making weights costs once. */
function inventedCosts(view: ImageView, seed: number): Costs {
  const next = random(seed);
  const program = (residency: keyof Costs) =>
    view.programs.map(({ operators }) => {
      const parts = operators.map(() => {
        const made = Math.floor(1000 * next());
        const steady = 5000 + (residency === 'stream' ? made : 0);
        return { steady, boot: residency === 'boot' ? made : 0, first: residency === 'lazy' ? steady + made : steady };
      });
      const sum = (key: 'steady' | 'boot' | 'first') => parts.reduce((total, part) => total + part[key], 100);
      return { operators: parts, steady: sum('steady'), boot: sum('boot'), first: sum('first'), branches: [] };
    });
  return { boot: program('boot'), lazy: program('lazy'), stream: program('stream') };
}

describe.each(IMAGES)('every plan of %s', (_, image) => {
  const view = new ImageView(image);
  const curves = view.programs.map((_, p) => residencyCurve(view, p, inventedCosts(view, 7)));
  const build = (p: number, plan: (typeof curves)[0]['best'][0]) =>
    withResidencies(
      image,
      curves.map((curve, other) => residenciesOf(view, other, other === p ? plan : curve.best[0])),
    );

  it('has the arena that the memory planner gives it and that the runtime proves', () => {
    for (const [p, curve] of curves.entries()) {
      for (const plan of [...curve.best, curve.boot, curve.lazy, curve.stream])
        expect(new Runtime(build(p, plan)).arenaBytes(p)).toBe(plan.arenaBytes);
    }
  });

  it('gives the bytes of the original, layer by layer', () => {
    for (const [p, curve] of curves.entries()) {
      const original = new Runtime(image).load(p);
      const input = anyInput(original.inputBytes(p));
      const expected = original.traceCrcs(input);
      for (const plan of curve.best) expect(new Runtime(build(p, plan)).load(p).traceCrcs(input)).toEqual(expected);
    }
  });
});

describe('a residency', () => {
  const view = new ImageView(ECG);
  const own = view.programs.map(({ operators }) =>
    operators.map((o) => (o.source === 0xffff ? null : ('flash' as const))),
  );

  it('that an operator cannot have is refused, with what it can have', () => {
    expect(() => withResidencies(ECG, own)).toThrow(
      'program 0 operator 5: residency must be boot, lazy, stream, got flash',
    );
    expect(() => withResidencies(ECG, [])).toThrow('program 0 operator 0: residency must be none, got none');
  });

  it('is never lazy where the first answer must come as soon as any other', () => {
    const costs = inventedCosts(view, 1);
    const residencies = (lazy: boolean) =>
      residencyCurve(view, 0, costs, { lazy }).best.flatMap(({ layers }) => layers.map(({ residency }) => residency));
    expect([...new Set(residencies(false))].sort()).toEqual(['boot', 'flash', 'stream']);
    expect([...new Set(residencies(true))].sort()).toEqual(['flash', 'lazy', 'stream']);
  });

  it('of stored INT8 weights is flash, whatever the image says', () => {
    const image = pack(everything(3).build());
    const view = new ImageView(uniformImage(image, 'boot'));
    const kinds = view.programs[0].operators
      .filter(({ source }) => source !== 0xffff)
      .map(({ source, residency }) => [
        view.sources[source].kind === 1 && view.sources[source].encoding === 1,
        residency,
      ]);
    for (const [int8, residency] of kinds) expect(residency).toBe(int8 ? 0 : 1);
  });
});

describe('an amount of RAM', () => {
  it.each([
    ['64k', 65_536],
    ['64KiB', 65_536],
    ['64 KiB', 65_536],
    ['64kB', 64_000],
    ['1.5k', 1536],
    ['1M', 1_048_576],
    ['65536', 65_536],
    ['100 B', 100],
  ])('%s is %i bytes', (text, bytes) => {
    expect(parseBytes(text, 'RAM')).toBe(bytes);
  });

  it.each(['', '64K', '64kb', 'much', '-1', '0', '1e5', '0x400'])('"%s" is refused', (text) => {
    expect(() => parseBytes(text, 'RAM')).toThrow(`expected an amount of RAM such as 64k (= 64 KiB)`);
  });
});

describe('the plot', () => {
  const view = new ImageView(ECG);
  const curve = residencyCurve(view, 0, inventedCosts(view, 2));

  it('fits 80 columns and shows all three marks and their legend', () => {
    const text = plot(curve);
    expect(Math.max(...text.split('\n').map((line) => line.length))).toBeLessThanOrEqual(80);
    expect(text).toMatch(/^ *[\d.]* [|+].*S/m);
    for (const words of ['arena, KiB', 'instructions per inference', 'all at boot', 'all stream', 'first inference'])
      expect(text).toContain(words);
  });

  it('of one plan alone has axes with two ends', () => {
    const view = new ImageView(new Uint8Array(readFileSync('models/controls/ecg-beats-int8.htpw')));
    const one = residencyCurve(view, 0, inventedCosts(view, 2));
    expect(one.best).toHaveLength(1);
    expect(plot(one)).toContain('best for its RAM, 1 of them');
    expect(svg([one], '')).not.toContain('NaN');
  });

  it('as a drawing closes every element, needs no other file, and has a panel per program', () => {
    const text = svg([curve, { ...curve, name: 'a < b & c' }], 'counted somewhere');
    const open: string[] = [];
    for (const [, slash, name, self] of text.matchAll(/<(\/?)(\w+)[^>]*?(\/?)>/g)) {
      if (slash) expect(open.pop()).toBe(name);
      else if (!self) open.push(name);
    }
    expect(open).toEqual([]);
    expect(text.replace('http://www.w3.org/2000/svg', '')).not.toMatch(/https?:|href|@import|NaN|undefined/);
    expect(text).toContain('a &lt; b &amp; c');
    expect(text.match(/arena, KiB/g)).toHaveLength(2);
  });

  it.each([
    [[12.05, 41.05], 8],
    [[2.2, 2.87], 6],
    [[5, 5], 6],
    [[0, 0], 6],
    [[1e-3, 1e6], 8],
  ])('has an axis for %j with all values between its ends, in at most %i steps', (values, most) => {
    const { low, high, ticks } = axisOf(values, most);
    expect(ticks.length - 1).toBeLessThanOrEqual(most);
    expect([low <= Math.min(...values), high >= Math.max(...values), high > low]).toEqual([true, true, true]);
  });
});
