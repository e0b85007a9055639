/** Which branches windows take, and what an inference takes on average over them. */
import { describe, expect, it } from 'vitest';
import { branchesTaken, expectation, withEveryBranch, withShares } from '../../host/agent/shares.ts';
import { pack } from '../../host/image/pack.ts';
import { ImageView } from '../../host/records/view.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { branchAt, routed, scoresFor } from '../routes.ts';
import { ModelBuilder } from '../zoo.ts';

const route = 2;
const taken = new Map([[route, [0, 0, 2, 0, 1, 0, 2, 0, 0, 0]]]);
const counts = (means: (number | null)[]) =>
  means.map((mean, branch) => ({ route, branch, windows: mean === null ? 0 : 1, mean, most: mean }));

describe('of branches', () => {
  it('the shares are those that a trace in Node finds', () => {
    const model = routed(3, 3, { scores: 'given' });
    const image = pack(model);
    const windows = [0, 2, 2, 1].map(
      (branch) => new Uint8Array(Buffer.concat([new ModelBuilder(1, [1, 40, 3]).input(), scoresFor(branch, 3)])),
    );
    const found = branchesTaken(new Runtime(image).load(), new ImageView(image).programs[0], windows);
    expect([...found]).toEqual([[branchAt(model.programs[0].operators, 0).route, [0, 2, 2, 1]]]);
  });

  it('those that the windows at hand miss are joined by the first window that takes each', () => {
    expect(withEveryBranch([0, 5], taken)).toEqual([0, 2, 4, 5]);
    expect(withEveryBranch([4, 6, 7], taken)).toEqual([4, 6, 7]);
  });

  it('the expectation weighs the means with the shares', () => {
    expect(expectation(withShares(counts([100, 1000, 500]), taken))).toBe(0.7 * 100 + 0.1 * 1000 + 0.2 * 500);
  });

  it('the expectation is unknown where the board did not run one that is taken, and known where none takes it', () => {
    expect(expectation(withShares(counts([100, null, 500]), taken))).toBeNull();
    expect(expectation(withShares(counts([100, 1000, 500, null]), taken))).toBe(270);
  });
});
