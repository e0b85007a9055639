/** Columns that are written as rows: the same outputs, and only where every operator allows it. */
import { describe, expect, it } from 'vitest';
import { pack } from '../../host/image/pack.ts';
import type { Program, Shape } from '../../host/model/model.ts';
import { ImageView } from '../../host/records/view.ts';
import { execute } from '../../host/reference/executor.ts';
import { Runtime } from '../../host/runtime/node.ts';
import { VARIANT_NAMES } from '../../host/runtime/variants.ts';
import { ModelBuilder } from '../zoo.ts';

type Make = (b: ModelBuilder) => void;

const columns = (b: ModelBuilder, kernel: number, stride = 1, pad = 0) =>
  b.depthwise(1, { kernel: [kernel, 1], stride: [stride, 1], pad: [pad, 0] });

/** The shapes of all tensors in an image of what `make` adds to an input; its bytes have been compared. */
function writtenShapes(shape: Shape, make: Make): string[] {
  const b = new ModelBuilder(5, shape);
  make(b);
  const model = b.build();
  const [program] = model.programs;
  const image = pack(model, { tables: 'q31' });
  const input = b.input();
  const expected = execute(model, program, [input], { tables: 'q31' })[program.outputs[0]];
  for (const variant of VARIANT_NAMES)
    expect(new Int8Array(new Runtime(image, variant).load().run(input).buffer), variant).toEqual(expected);
  return new ImageView(image).programs[0].tensors.map(
    ({ height, width, channels }) => `${height}x${width}x${channels}`,
  );
}

const asModelled = ({ tensors }: Pick<Program, 'tensors'>) => tensors.map(({ shape }) => shape.join('x'));

describe('a column', () => {
  it.each<[string, Shape, Make, string[]]>([
    ['of a depthwise kernel', [12, 1, 8], (b) => columns(b, 5), ['1x12x8', '1x8x8']],
    ['with stride and padding', [12, 1, 8], (b) => columns(b, 3, 2, 1), ['1x12x8', '1x6x8']],
    ['that one window reads whole', [15, 1, 12], (b) => columns(b, 15), ['1x15x12', '1x1x12']],
    [
      'with all that has its size, of a convolution too',
      [9, 1, 3],
      (b) => {
        b.convolution(4, { kernel: [3, 1], stride: [1, 1], pad: [1, 0] });
        b.pointwise(8);
        columns(b, 3, 1, 1);
        b.lookup();
        b.fullyConnected(2);
      },
      ['1x9x3', '1x9x4', '1x9x8', '1x9x8', '1x9x8', '1x1x2'],
    ],
  ])('%s lies along a row, with the bytes of every output unchanged', (_, shape, make, shapes) => {
    expect(writtenShapes(shape, make)).toEqual(shapes);
  });

  it.each<[string, Shape, Make]>([
    [
      'beside which the kernel has taps',
      [9, 1, 4],
      (b) => b.depthwise(1, { kernel: [3, 3], stride: [1, 1], pad: [1, 1] }),
    ],
    ['that no kernel goes along', [9, 1, 4], (b) => b.pointwise(5)],
    ['made of a picture', [9, 3, 4], (b) => b.depthwise(1, { kernel: [3, 3], stride: [1, 1], pad: [1, 0] })],
    [
      'of which another operator needs height and width',
      [9, 1, 4],
      (b) => {
        columns(b, 3, 1, 1);
        b.resize([9, 1]);
      },
    ],
    ['too long for the memory that columns need', [2000, 1, 1], (b) => columns(b, 3)],
  ])('%s stays as it is', (_, shape, make) => {
    const b = new ModelBuilder(5, shape);
    make(b);
    expect(writtenShapes(shape, make)).toEqual(asModelled(b.build().programs[0]));
  });
});
