/** A border that a converter wrote as an operator of its own, and the convolution that can have it as padding. */
import { describe, expect, it } from 'vitest';
import { execute } from '../../host/reference/executor.ts';
import { foldPadding } from '../../host/transform/padding.ts';
import { ModelBuilder } from '../zoo.ts';

type Pair = [number, number];

/** A picture of 8 x 8 with `front` rows and columns before it and `back` behind, and a convolution of that. */
function bordered(front: number, back: number, kernel: Pair, stride: Pair, pad: Pair) {
  const b = new ModelBuilder(3, [8, 8, 2]);
  const size = front + 8 + back;
  b.copy([size, size, 2], {
    count: [1, 1, 8],
    inputStep: [0, 0, 16],
    outputStep: [0, 0, 2 * size],
    run: 16,
    outputOffset: 2 * front * (size + 1),
    fill: true,
  });
  b.convolution(3, { kernel, stride, pad });
  const model = b.build();
  const [program] = model.programs;
  const { operators } = foldPadding(program);
  const input = b.input();
  const output = (own: typeof operators) => {
    const changed = { ...program, operators: own };
    const values = execute({ ...model, programs: [changed] }, changed, [input], { tables: 'q31' });
    return values[program.outputs[0]];
  };
  return { folded: operators, before: output(program.operators), after: output(operators) };
}

describe('a border around a picture', () => {
  it('becomes the padding of a convolution that has none, and the same bytes come out', () => {
    const { folded, before, after } = bordered(1, 1, [3, 3], [1, 1], [0, 0]);
    expect(folded).toMatchObject([{ kind: 'convolution', input: 0, pad: [1, 1] }]);
    expect(after).toEqual(before);
  });

  it('stays in front of a convolution with padding of its own, whose sum a single one could have', () => {
    // 8 + 1 + 0 values, 1 more on both sides of these, kernel 5: behind the picture no more than half a kernel
    const { folded, before, after } = bordered(1, 0, [5, 5], [3, 3], [1, 1]);
    expect(folded.map(({ kind }) => kind)).toEqual(['copy', 'convolution']);
    expect(after).toEqual(before);
  });
});
