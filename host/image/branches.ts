/** Images that take one branch of their routes whatever the input, to count what each branch costs. */
import { MAX_BIAS } from '../../assembly/limits.ts';
import type { Model, Program, WeightedOperator } from '../model/model.ts';
import { ImageError, ImageView } from '../records/view.ts';
import { pack } from './pack.ts';
import { unpack } from './unpack.ts';

/** How many branches the route of a program has that has the most; 0 without a route. */
export function mostBranches(view: ImageView, program: number): number {
  return view.programs[program].branches.reduce((most, place) => Math.max(most, (place?.branch ?? -1) + 1), 0);
}

/**
 * The same image, all of whose routes take a branch, or the last that they have: biases of the layer that makes the scores
 * drown what the inputs say. It takes the same instructions, but for the table of that layer. Throws ImageError where no layer makes the scores.
 */
export function takingBranch(image: Uint8Array, program: number, branch: number): Uint8Array {
  const unpacked = unpack(new ImageView(image));
  const originals = new Map<WeightedOperator, WeightedOperator>();
  const { operators, name } = unpacked.model.programs[program];
  for (const [o, operator] of operators.entries()) {
    if (operator.kind !== 'route') continue;
    const at = scoresFrom(unpacked.model.programs[program], o);
    const layer = operators[at];
    if (at < 0 || !('bias' in layer))
      throw new ImageError(
        `program "${name}", operator ${o}: expected scores that a layer with weights makes, or a softmax behind it, got none; ` +
          'count with inputs that take each branch',
      );
    const chosen = Math.min(branch, operator.branches.length - 1);
    const changed = { ...layer, bias: layer.bias.map((_, c) => (c === chosen ? 1 : -1) * (MAX_BIAS >> 1)) };
    originals.set(changed, layer);
    operators[at] = changed;
  }
  const { model, tables, ...others } = unpacked;
  return pack(model as Model, { tables: (operator) => tables(originals.get(operator) ?? operator), ...others });
}

/** The operator that makes what a route picks by, looked for in front of softmax; -1 where the program is given it. */
function scoresFrom({ operators }: Program, route: number): number {
  let { input } = operators[route];
  for (let o = route - 1; o >= 0; o--) {
    if (operators[o].output !== input) continue;
    if (operators[o].kind !== 'softmax') return o;
    ({ input } = operators[o]);
  }
  return -1;
}
