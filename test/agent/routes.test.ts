/** Branches on boards: the same bytes, operators that did not run named as such, and what each branch costs. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Agent } from '../../host/agent/protocol.ts';
import { verifyBoard } from '../../host/agent/verify.ts';
import { loadBoard } from '../../host/boards/board.ts';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/records/view.ts';
import { measureCosts } from '../../host/residency/measure.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { projectRoot } from '../../host/system/root.ts';
import { canRun } from '../boards/runnable.ts';
import { branchAt, routed, scoresFor } from '../routes.ts';
import { ModelBuilder } from '../zoo.ts';
import { startAgent } from './startAgent.ts';

const BRANCHES = 4;

function imageFile(name: string, image: Uint8Array): string {
  const folder = join(projectRoot(), 'build', 'test');
  mkdirSync(folder, { recursive: true });
  writeFileSync(join(folder, name), image);
  return join(folder, name);
}

const model = routed(5, BRANCHES, { scores: 'given' });
const image = pack(model);
const path = imageFile('routes.htpw', image);
const windows = [2, 0, 3, 1, 2].map(
  (branch) =>
    new Uint8Array(Buffer.concat([new ModelBuilder(branch, [1, 40, 3]).input(), scoresFor(branch, BRANCHES)])),
);

describe.each(['host', 'mps2-an500', 'mps2-an386', 'mps2-an385-m0'])('on %s', (board) => {
  it.skipIf(!canRun(board))(
    'every branch gives the bytes of the WebAssembly, operator by operator',
    {
      timeout: 240_000,
    },
    async () => {
      const runtime = new Runtime(image).load();
      const reference = (input: Uint8Array) => runtime.traceCrcs(input);
      const result = await verifyBoard({ imagePath: path, image, board, windows, reference });
      expect(result).toMatchObject({ windows: windows.length, mismatchingBytes: 0, mismatchingLayers: 0 });
      expect(result.weightsChecked).toBe(true);
      // an operator that ran where none should is a difference
      const all = (input: Uint8Array) => {
        const { output, layers } = runtime.traceCrcs(input);
        return { output, layers: layers.map((layer) => (layer === 'not run' ? 0 : layer)) };
      };
      const skipped = runtime.traceCrcs(windows[0]).layers.filter((layer) => layer === 'not run').length;
      const other = await verifyBoard({ imagePath: path, image, board, windows: windows.slice(0, 1), reference: all });
      expect(other).toMatchObject({ mismatchingBytes: 0, mismatchingLayers: skipped });
    },
  );
});

describe.skipIf(!canRun('mps2-an500'))('the agent', () => {
  let agent: Agent;
  const { operators } = model.programs[0];
  const [taken, other] = [branchAt(operators, 2), branchAt(operators, 1)];
  beforeAll(async () => {
    ({ agent } = await startAgent('mps2-an500', path));
    await agent.load(0);
    await agent.run(windows[0]);
  }, 240_000);
  afterAll(() => agent?.close());

  it('profiles operators of the branch that is taken, and says of the others that they did not run', async () => {
    const { prepare, first, next } = await agent.profile();
    expect(prepare).toHaveLength(operators.length);
    for (const pass of [first, next]) {
      expect(pass.slice(taken.first, taken.last).every((ticks) => ticks! > 0)).toBe(true);
      expect(new Set(pass.slice(other.first, other.last))).toEqual(new Set([null]));
    }
  });

  it('refuses to dump an operator that did not run, and dumps one that did', async () => {
    await expect(agent.dump(other.first)).rejects.toThrow(/NOT_RUN/);
    expect([...(await agent.dump(taken.route))]).toEqual([2]);
  });
});

it.skipIf(!canRun('mps2-an500'))(
  'costs are those of every branch, the mean of which a program costs',
  {
    timeout: 400_000,
  },
  async () => {
    const own = routed(7, 3);
    const bytes = pack(own);
    const view = new ImageView(bytes);
    const { programs } = await measureCosts(imageFile('routed.htpw', bytes), view, loadBoard('mps2-an500'));
    const [{ operators: each, branches, steady }] = programs;
    expect(each.every((cost) => cost.steady > 0)).toBe(true);
    const { route } = branchAt(own.programs[0].operators, 0);
    expect(branches.map((cost) => [cost.route, cost.branch])).toEqual([0, 1, 2].map((branch) => [route, branch]));
    const mean = branches.reduce((sum, cost) => sum + cost.steady, 0) / 3;
    expect(Math.abs(steady / mean - 1)).toBeLessThan(0.001);
    const [one, two, three] = branches.map((cost) => cost.steady);
    expect(Math.max(one, two, three)).toBe(three); // the one with most layers and channels
  },
);
