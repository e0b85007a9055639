/** The formula for instructions against those that were counted. */

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Figures } from '../../host/measure/figures.ts';
import { KERNELS, kernelModel, shapeName } from '../../host/measure/kernels.ts';
import { instructionsOf } from '../../host/transform/instructions.ts';

const recorded: Figures = JSON.parse(readFileSync('bench/mps2-an500.json', 'utf8'));
const products = ['pointwise', 'convolution', 'fullyConnected'];

describe('instructions by formula', () => {
  it.each(
    KERNELS.filter(({ kind }) => products.includes(kind)).map(
      (kernel) => [`${kernel.kind} ${shapeName(kernel)}`, kernel] as const,
    ),
  )('are within 15 %% of those counted on a Cortex-M7: %s', (_, kernel) => {
    const [program] = kernelModel([kernel]).programs;
    const { instructions } = recorded.kernels.find(
      (figure) => figure.kernel === kernel.kind && figure.shape === shapeName(kernel),
    )!;
    expect(Math.abs(instructionsOf(program) / instructions - 1)).toBeLessThan(0.15);
  });
});
