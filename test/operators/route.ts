/** ROUTE: its rows, in which branches of all lengths read what was made before, and parameters that are wrong. */
import type { OperatorTests } from '../operatorTests.ts';
import { input, type Rows, zeroPoint } from '../rows.ts';

const rows: Rows = [
  40,
  (b, i) => {
    const branches = i % 10 === 9 ? 32 : 2 + (i % 7);
    input(b, 1, 1, branches);
    const features = b.tensor('features', [1, b.integer(1, 3), b.integer(1, 9)]);
    for (const tensor of b.tensors) tensor.zeroPoint = zeroPoint(b, tensor.zeroPoint);
    const grow = [
      () => b.lookup(b.tensor('lookup', [1, 1, 5]), b.from(features).mean().from(null).fullyConnected(5).newest),
      () => b.from(features).fullyConnected(7).from(null).fullyConnected(5, 'int4'),
      () => b.from(0).fullyConnected(5, 'ternary'),
      () => b.copy([1, 1, 5], { count: [1, 1, 5], outputStep: [0, 0, 1] }, 0), // the first score, five times
    ];
    b.from(0).route(Array.from({ length: branches }, (_, branch) => () => grow[(i + branch) % grow.length]()));
    b.lookup();
  },
];

export default {
  rows: { route: rows },
  wrong: {
    route: [
      ['more operators in a branch than any program has', 0, 257],
      ['a number of operators that is negative', 1, -1],
    ],
  },
} satisfies OperatorTests;
