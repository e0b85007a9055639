/** Plans of programs with branches: exclusive ones share memory, and none loses what it or what follows still reads. */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import { withResidency } from '../../host/image/seal.ts';
import { lifetimes } from '../../host/layout/lifetimes.ts';
import { placeTensors } from '../../host/layout/plan.ts';
import { timelineOf } from '../../host/layout/timeline.ts';
import type { Model } from '../../host/model/model.ts';
import type { Route } from '../../host/operators/route.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { branchAt, routed, scoresFor, straight } from '../routes.ts';
import { ModelBuilder } from '../zoo.ts';

const viewOf = (model: Model) => new ImageView(pack(model));
const arenaOf = (model: Model) => viewOf(model).programs[0].arenaBytes;

describe('the arena of exclusive branches', () => {
  it.each([2, 3, 4, 5, 6, 7, 8])('of %i of them is that of the largest', (branches) => {
    const model = routed(branches, branches, { residency: 'flash', weights: 'int8' });
    const alone = Array.from({ length: branches }, (_, branch) => arenaOf(straight(model, branch)));
    expect(arenaOf(model)).toBe(Math.max(...alone));
    expect(Math.max(...alone)).toBeGreaterThan(Math.min(...alone));
  });

  it.each([2, 3, 4, 5, 6, 7, 8])(
    'of %i of them with weights of all kinds is, too, but for what these need',
    (branches) => {
      const model = routed(branches, branches);
      const placings = [model, ...Array.from({ length: branches }, (_, branch) => straight(model, branch))].map(
        (some) => placeTensors(viewOf(some), viewOf(some).programs[0]),
      );
      for (const of of ['peak', 'bound'] as const) {
        const [all, ...alone] = placings.map((placing) => placing[of]);
        expect(all).toBe(Math.max(...alone));
      }
    },
  );

  it('holds the kept weights of all of them, which stay for the next inference', () => {
    const model = routed(4, 4);
    const kept = new ImageView(withResidency(pack(model), 'lazy')).programs[0].arenaBytes;
    const weights = model.programs[0].operators.reduce((sum, operator) => {
      const source = 'source' in operator ? model.sources[operator.source] : null;
      if (!source || (source.kind === 'stored' && source.encoding === 'int8')) return sum;
      return sum + Math.ceil((source.rows * source.rowLength) / 16) * 16;
    }, 0);
    expect(kept).toBeGreaterThanOrEqual(weights);
  });
});

describe('a tensor that branches read', () => {
  // 0 input, 1 features, 2 scores, 3 route, then two branches of two operators, then one behind them
  const b = new ModelBuilder(1, [1, 8, 4]);
  const features = b.pointwise(4).newest;
  b.mean()
    .fullyConnected(2)
    .route([
      () => b.from(0).pointwise(4).from(null).extremum('minimum', features),
      () => b.from(0).pointwise(4).from(null).pointwise(4),
    ]);
  const model = b.mean().build();
  const [program] = new ImageView(pack(model)).programs;
  const lives = lifetimes(program);
  const { route, first, last } = branchAt(model.programs[0].operators, 0);

  it('lives in those that read it only', () => {
    expect(lives[features].intervals).toEqual([{ first: 0, last: last - 1 }]);
    expect([...lives[features].ends]).toEqual([last - 1]);
  });

  it('and all write lives from where each does, not while another runs', () => {
    const joined = model.programs[0].operators[last - 1].output;
    expect(lives[joined].intervals).toEqual([
      { first: last - 1, last: last - 1 },
      { first: last + 1, last: last + 2 },
    ]);
    expect([...lives[joined].begins]).toEqual([last - 1, last + 1]);
  });

  it('is drawn once for each time that it lives', () => {
    const { holders } = timelineOf(new ImageView(pack(model)), 0);
    expect(holders.filter(({ name, kind }) => kind === 'tensor' && name === 'min1')).toHaveLength(2);
    expect([route, first]).toEqual([3, 4]);
  });
});

/** Branches of any operators on what was made before or in the same branch, also such that write over their inputs. */
function randomBranches(seed: number): Model {
  const b = new ModelBuilder(seed, [1, b0(seed), 16]);
  const shape = [...b.tensors[0].shape] as [number, number, number];
  const visible = [0];
  const grow = (from: number[], count: number) => {
    const own = [...from];
    for (let n = 0; n < count; n++) {
      const input = b.pick(own);
      const other = b.pick(own);
      b.from(input);
      b.pick([
        () => b.softmax(),
        () => b.pointwise(16, b.pick(['int8', 'int4', 'ternary'] as const)),
        () => b.lookup(),
        () => b.signedAdd(other, 'first'),
        () => b.extremum('maximum', other),
        () => b.copy([...shape], { run: shape[1] * 16 }),
        () => b.depthwise(1, { kernel: [1, 3], stride: [1, 1], pad: [0, 1] }),
      ])();
      own.push(b.newest);
    }
    return own;
  };
  for (let routes = b.integer(1, 3); routes > 0; routes--) {
    visible.splice(0, visible.length, ...grow(visible, b.integer(1, 3)));
    const branches = b.integer(2, 4);
    const scores = b.tensor('scores', [1, 1, branches]);
    b.from(scores).route(Array.from({ length: branches }, () => () => grow(visible, b.integer(1, 5))));
    visible.push(b.newest);
  }
  // one that is written early in one branch, and in another only over what is read for the last time
  const [kept, scores] = [b.pick(visible), b.tensor('scores', [1, 1, 2])];
  const early = b.tensor('early', [...shape]);
  const at = b.operators.length;
  b.from(kept).lookup(early, kept);
  b.from(b.pick(visible))
    .copy(early, { run: shape[1] * 16 })
    .from(early)
    .signedAdd(kept, 'second');
  b.operators.at(-1)!.output = early;
  const picked = b.tensor('route', [1, 1, 1]);
  const route: Route = { kind: 'route', name: 'last', input: scores, output: picked, branches: [1, 2] };
  b.operators.splice(at, 0, route);
  b.from(null);
  const model = b.build([early, ...visible.slice(-1)]);
  const given = b.operators.flatMap(({ kind, input }) => (kind === 'route' ? [input] : []));
  model.programs[0].inputs = [0, ...given];
  return model;
}

const b0 = (seed: number) => 1 + (seed % 5);

it.each(VARIANT_NAMES)('no branch of 120 random programs changes a byte of what is read later (%s)', (variant) => {
  const wrong: string[] = [];
  for (let seed = 1; seed <= 120; seed++) {
    const model = randomBranches(seed);
    const [program] = model.programs;
    const runtime = new Runtime(pack(model, { tables: 'q31' }), variant).load();
    for (let taken = 0; taken < 4; taken++) {
      const inputs = program.inputs.map((tensor, i) => {
        const [height, width, channels] = program.tensors[tensor].shape;
        if (i > 0) return scoresFor(taken % channels, channels);
        return Uint8Array.from({ length: height * width * channels }, (_, k) => (k * 37 + 101 * taken + seed) & 255);
      });
      const values = execute(model, program, inputs, { tables: 'q31' });
      const expected = Buffer.concat(
        program.outputs.map((tensor) => {
          const { buffer, byteOffset, byteLength } = values[tensor];
          return Buffer.from(buffer, byteOffset, byteLength);
        }),
      );
      if (Buffer.compare(runtime.run(new Uint8Array(Buffer.concat(inputs))), expected) !== 0)
        wrong.push(`seed ${seed}, taking ${taken}`);
    }
  }
  expect(wrong).toEqual([]);
});
