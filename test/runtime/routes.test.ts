/** Branches: one of them runs, as if the others were not there, and only its weights are made on first use. */
import { describe, expect, it } from 'vitest';
import { takingBranch } from '../../host/image/branches.ts';
import { pack } from '../../host/image/pack.ts';
import { unpack } from '../../host/image/unpack.ts';
import type { Model } from '../../host/model/model.ts';
import { crc32 } from '../../host/records/crc32.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { instantiate, Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { branchAt, routed, scoresFor, straight } from '../routes.ts';
import { ModelBuilder } from '../zoo.ts';

const windowOf = (seed: number) => new ModelBuilder(seed, [1, 40, 3]).input();
const joined = (...parts: Uint8Array[]) => new Uint8Array(Buffer.concat(parts));

/** The CRC of what each operator leaves in the slow twin, 'not run' for those that a route passes by. */
function twinLayers(model: Model, inputs: Uint8Array[]): { layers: (number | 'not run')[]; output: Buffer } {
  const [program] = model.programs;
  const layers: (number | 'not run')[] = program.operators.map(() => 'not run');
  const bytes = ({ buffer, byteOffset, byteLength }: ArrayBufferView) => Buffer.from(buffer, byteOffset, byteLength);
  const after = (o: number, output: Int8Array) => {
    layers[o] = crc32(bytes(output));
  };
  const values = execute(model, program, inputs, { tables: 'compact', after });
  return { layers, output: Buffer.concat(program.outputs.map((tensor) => bytes(values[tensor]))) };
}

/** What a trace tells, but for what it cannot know yet, against what the twin says. */
function expectTwin(model: Model, runtime: Runtime, inputs: Uint8Array[]): void {
  const { layers, output } = runtime.traceCrcs(joined(...inputs));
  const expected = twinLayers(model, inputs);
  expect(layers.map((layer, o) => layer ?? expected.layers[o])).toEqual(expected.layers);
  expect(Buffer.compare(output, expected.output)).toBe(0);
  expect(Buffer.compare(runtime.run(joined(...inputs)), expected.output)).toBe(0);
}

describe.each(VARIANT_NAMES)('in the %s runtime', (variant) => {
  it.each([2, 3, 4, 5, 6, 7, 8])('one of %i branches runs, as the twin has it and as it does alone', (branches) => {
    const model = routed(branches, branches, { scores: 'given' });
    const runtime = new Runtime(pack(model), variant).load();
    const outputs: Uint8Array[] = [];
    for (let branch = 0; branch < branches; branch++) {
      const inputs = [windowOf(branch), scoresFor(branch, branches)];
      expectTwin(model, runtime, inputs);
      const alone = new Runtime(pack(straight(model, branch)), variant).load();
      outputs.push(alone.run(joined(...inputs)));
      expect(runtime.run(joined(...inputs))).toEqual(outputs[branch]);
      const { operators } = model.programs[0];
      const { route, first, last } = branchAt(operators, branch);
      const run = runtime.traceCrcs(joined(...inputs)).layers.flatMap((layer, o) => (layer === 'not run' ? [] : [o]));
      const behind = branchAt(operators, branches - 1).last;
      const range = (from: number, to: number) => Array.from({ length: to - from }, (_, i) => from + i);
      expect(run).toEqual([...range(0, route + 1), ...range(first, last), ...range(behind, operators.length)]);
    }
    // and back, when each finds what another has left
    for (let branch = branches - 1; branch >= 0; branch--)
      expect(runtime.run(joined(windowOf(branch), scoresFor(branch, branches)))).toEqual(outputs[branch]);
  });

  it('of equal scores the first branch runs', () => {
    const model = routed(1, 4, { scores: 'given' });
    const runtime = new Runtime(pack(model), variant).load();
    const layers = runtime.traceCrcs(joined(windowOf(1), new Uint8Array(4).fill(7))).layers;
    expect(layers[branchAt(model.programs[0].operators, 0).first]).not.toBe('not run');
  });

  it('a route may follow another, and a branch may be empty, as it leaves what was there', () => {
    const b = new ModelBuilder(3, [1, 1, 3]);
    const scores = b.tensor('scores', [1, 1, 2]);
    b.from(0).fullyConnected(6);
    const early = b.newest;
    b.from(0).route([() => {}, () => b.from(early).fullyConnected(6).from(null).fullyConnected(6), () => {}], early);
    b.fullyConnected(4);
    const [middle] = [b.newest];
    b.from(scores).route([() => b.from(middle).fullyConnected(3), () => b.from(early).fullyConnected(3)]);
    const model = b.softmax().build();
    model.programs[0].inputs = [0, scores];
    const runtime = new Runtime(pack(model), variant).load();
    for (let taken = 0; taken < 6; taken++)
      expectTwin(model, runtime, [scoresFor(taken % 3, 3), scoresFor(taken % 2, 2)]);
  });

  it('an image that takes a branch does so whatever the input', () => {
    const branches = 6;
    const image = pack(routed(9, branches));
    for (let branch = 0; branch < branches; branch++) {
      const taking = takingBranch(image, 0, branch);
      const { model } = unpack(new ImageView(taking));
      const { route } = branchAt(model.programs[0].operators, branch);
      const runtime = new Runtime(taking, variant).load();
      for (let seed = 0; seed < 4; seed++) {
        const picked: number[] = [];
        runtime.trace(windowOf(seed), (o, output) => (o === route ? picked.push(output[0]) : 0));
        expect(picked).toEqual([branch]);
        expectTwin(model, runtime, [windowOf(seed)]);
      }
    }
  });
});

it('an image that takes a branch is refused where no layer makes the scores', () => {
  expect(() => takingBranch(pack(routed(1, 2, { scores: 'given' })), 0, 1)).toThrow(
    /^program "test", operator 2: expected scores that a layer with weights makes, or a softmax behind it, got none; /,
  );
});

describe('of weights that are kept', () => {
  const READY_AT = 32; // in the arena: one bit per operator (assembly/arena.ts)

  /** Operators whose caches are filled: after load, and after an inference that takes a branch. */
  function filled(model: Model, branch: number): { loaded: number[]; run: number[] } {
    const image = pack(model);
    const wasm = instantiate('scalar');
    wasm.memory.grow(4);
    const memory = new Uint8Array(wasm.memory.buffer);
    const arena = 32_768;
    memory.set(image, 96);
    expect(wasm.open(96, image.length, 16)).toBe(0);
    expect(wasm.load(96, 0, arena, wasm.arenaBytes(96, 0))).toBe(0);
    const ready = () =>
      [...model.programs[0].operators.keys()].filter((o) => (memory[arena + READY_AT + (o >> 3)] >> (o & 7)) & 1);
    const loaded = ready();
    const input = arena + ((wasm.arenaBytes(96, 0) + 15) & ~15);
    memory.set(joined(windowOf(1), scoresFor(branch, 4)), input);
    expect(wasm.invoke(arena, input, input)).toBe(0);
    return { loaded, run: ready() };
  }

  const layersOf = ({ programs }: Model, wanted: (o: number) => boolean) =>
    programs[0].operators.flatMap((operator, o) => ('source' in operator && wanted(o) ? [o] : []));

  it('those of boot are made at load, of every branch', () => {
    const model = routed(2, 4, { scores: 'given', residency: 'boot' });
    expect(filled(model, 2).loaded).toEqual(layersOf(model, () => true));
  });

  it('those of first use are made of the branch that is taken, and of no other', () => {
    const model = routed(2, 4, { scores: 'given', residency: 'lazy' });
    const { operators } = model.programs[0];
    const { route, first, last } = branchAt(operators, 2);
    const always = (o: number) => o < route || o >= branchAt(operators, 3).last;
    expect(filled(model, 2)).toEqual({
      loaded: [],
      run: layersOf(model, (o) => always(o) || (o >= first && o < last)),
    });
  });
});
