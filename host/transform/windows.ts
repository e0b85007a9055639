/**
 * Windows that move over a stream. Converters keep what a window will still need in a variable, put what is new behind it,
 * and keep the rest of that for the next time:
 *
 *   state -> [ state | new ] -> ... ;  [ state | new ] without its first values -> state
 *
 * When the window itself is the state, its values move to the front, what is new comes behind them, and nothing else has to
 * be kept: two copies less, and no memory for the same values twice.
 */
import type { Operator, Program } from '../model/model.ts';
import type { Copy } from '../operators/copy.ts';
import type { State } from '../operators/state.ts';

/** Makes such windows states. Returns the operators that are left, and their places in `program.operators`. */
export function foldWindows(program: Program): { operators: Operator[]; kept: number[] } {
  const changed = new Map<number, Operator | null>();
  const windows = new Set<number>();
  for (const operator of program.operators) {
    const found = operator.kind === 'state' ? windowOf(operator, program) : null;
    if (found === null || windows.has(found.window)) continue;
    windows.add(found.window);
    for (const [index, made] of found.changes) changed.set(index, made);
  }
  const operators = program.operators.map((operator, o) => changed.get(o) ?? operator);
  const kept = operators.map((_, o) => o).filter((o) => changed.get(o) !== null);
  return { operators: kept.map((o) => operators[o]), kept };
}

/** The window that a state is kept for, and what becomes of the operators that do so; null where it is for anything else. */
function windowOf(
  state: State,
  { tensors, operators, inputs, outputs }: Program,
): { window: number; changes: [index: number, made: Operator | null][] } | null {
  const uses = operators.filter((operator) => operator !== state && touches(operator, state.output));
  const [read, write] = uses;
  if (uses.length !== 2 || [...inputs, ...outputs].includes(state.output)) return null;
  if (read.kind !== 'copy' || write.kind !== 'copy' || read.input !== state.output || write.output !== state.output)
    return null;
  const window = read.output;
  const length = tensors[state.output].shape.reduce((product, size) => product * size);
  const kept = pathFrom(window, write, operators);
  if (kept === null || read.inputOffset !== 0 || ![read, ...kept].every((copy) => isPiece(copy, length))) return null;
  const [slice, ...further] = kept;
  const isWhole =
    kept.every(({ outputOffset }) => outputOffset === 0) && further.every((copy) => copy.inputOffset === 0);
  if (!isWhole || slice.inputOffset <= read.outputOffset) return null;
  const [first, ...others] = operators.filter((operator) => touches(operator, window));
  const end = operators.indexOf(slice);
  const changes = others.some((operator) => operator.output === window && operators.indexOf(operator) > end);
  if (first !== read || changes || inputs.includes(window)) return null;
  const moved: Copy = { ...read, input: window, inputOffset: slice.inputOffset };
  return {
    window,
    changes: [
      [operators.indexOf(state), { ...state, input: window, output: window }],
      [operators.indexOf(read), moved],
      ...kept.map((copy): [number, null] => [operators.indexOf(copy), null]),
    ],
  };
}

/** The copies that take values of a window to where `last` does: that alone, or one in front into a tensor of its own. */
function pathFrom(window: number, last: Copy, operators: readonly Operator[]): Copy[] | null {
  if (last.input === window) return [last];
  const [slice, ...uses] = operators.filter((operator) => touches(operator, last.input));
  const isOnly = slice?.kind === 'copy' && slice.input === window && uses.length === 1 && uses[0] === last;
  return isOnly ? [slice, last] : null;
}

/** Whether a copy moves so many values in one piece and leaves all else as it is. */
function isPiece({ count, run, fill }: Copy, length: number): boolean {
  return run === length && !fill && count.every((times) => times === 1);
}

function touches(operator: Operator, tensor: number): boolean {
  return (
    operator.input === tensor || operator.output === tensor || ('input2' in operator && operator.input2 === tensor)
  );
}
