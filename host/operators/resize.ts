/** RESIZE: another height and width, by taking the nearest positions or by mixing neighbouring ones. */
import { roundingDivideByPot } from '../arithmetic/fixed.ts';
import type { OperatorBase, Shape } from '../model/model.ts';
import { Unsupported } from '../model/unsupported.ts';
import type { FileOperator, ImportRule, LoweringContext } from './lowering.ts';
import type { PlainKind } from './operator.ts';

/** Of one row or column of the output: one of the input, and how much of the next one is in it, in 1,024ths. */
export interface Origin {
  from: number;
  /** from 0 to 1023 */
  share: number;
}

/** [H, W, C] to [H', W', C]; values as they are, whatever the scales. */
export interface Resize extends OperatorBase {
  kind: 'resize';
  /** of each output row */
  rows: Origin[];
  /** of each output column */
  columns: Origin[];
}

declare module '../model/model.ts' {
  interface OperatorKinds {
    resize: Resize;
  }
}

const SHARE_BITS = 10;
const ALL = 2 ** SHARE_BITS;

/** Rows and columns mixed by their shares, in one step: to nearest, ties away from zero. */
export function resize(
  input: Int8Array,
  [, width, channels]: Shape,
  { rows, columns }: Pick<Resize, 'rows' | 'columns'>,
): Int8Array {
  const output = new Int8Array(rows.length * columns.length * channels);
  let at = 0;
  for (const row of rows) {
    for (const column of columns) {
      for (let c = 0; c < channels; c++) {
        let sum = 0;
        for (const [y, rowShare] of partsOf(row))
          for (const [x, columnShare] of partsOf(column))
            sum += input[(y * width + x) * channels + c] * rowShare * columnShare;
        output[at++] = roundingDivideByPot(sum, 2 * SHARE_BITS);
      }
    }
  }
  return output;
}

/** What is mixed, with a share above 0. */
function partsOf({ from, share }: Origin): [position: number, share: number][] {
  return share === 0
    ? [[from, ALL]]
    : [
        [from, ALL - share],
        [from + 1, share],
      ];
}

interface ResizeOptions {
  alignCorners: boolean;
  halfPixelCenters: boolean;
}

/** How a position of `size` is found for each of `count`. */
type Origins = (size: number, count: number, options: ResizeOptions) => Origin[];

/** In float32, as TensorFlow Lite Micro computes it: an operation is rounded to that by fround. */
const nearest: Origins = (size, count, { alignCorners, halfPixelCenters }) => {
  const f = Math.fround;
  const scale = alignCorners && count > 1 ? f((size - 1) / (count - 1)) : f(size / count);
  return Array.from({ length: count }, (_, i) => {
    const position = f((i + (halfPixelCenters ? 0.5 : 0)) * scale);
    return { from: Math.min(Math.floor(alignCorners ? position + 0.5 : position), size - 1), share: 0 };
  });
};

/** In 1,024ths, as TensorFlow Lite Micro computes it. Throws Unsupported where it would read behind its input. */
const bilinear: Origins = (size, count, { alignCorners, halfPixelCenters }) => {
  if (alignCorners && halfPixelCenters) throw new Unsupported('align_corners and half_pixel_centers at once');
  const [whole, parts] = alignCorners && count > 1 ? [size - 1, count - 1] : [size, count];
  const scale = Math.floor((ALL * whole + Math.floor(parts / 2)) / parts);
  return Array.from({ length: count }, (_, i) => {
    const position = Math.max(0, i * scale + (halfPixelCenters ? Math.floor(scale / 2) - ALL / 2 : 0));
    const from = Math.floor(position / ALL);
    if (from >= size) throw new Unsupported(`${size} to ${count} positions, of which ${i} lies behind the input`);
    return { from, share: from === size - 1 ? 0 : position % ALL };
  });
};

/** The rule for one of the two operators, whose options have the ids of their fields. */
function resizeRule(origins: Origins, optionsType: number, firstField: number): ImportRule<ResizeOptions> {
  return {
    support: 'limited',
    note: 'to a constant size; a table of where each row and column comes from, 4 bytes each',
    optionsType,
    options: (fields) => ({
      alignCorners: fields.flag('align_corners', firstField),
      halfPixelCenters: fields.flag('half_pixel_centers', firstField + 1),
    }),
    lower: (operator, to) => lowerResize(operator, to, origins),
  };
}

function lowerResize(operator: FileOperator<ResizeOptions>, to: LoweringContext, origins: Origins): void {
  const [input, output] = [to.picture(operator), to.output(operator)];
  const [height, width, channels] = output.shape;
  const size = to.integers(operator, 1, 2);
  if (size[0] !== height || size[1] !== width || channels !== input.shape[2])
    throw new Unsupported(`[${input.shape}] resized to ${size.join('x')} is not the declared [${output.shape}]`);
  to.emit(operator, {
    kind: 'resize',
    name: `operator ${operator.index}`,
    input: input.tensor,
    output: output.tensor,
    rows: origins(input.shape[0], height, operator.options),
    columns: origins(input.shape[1], width, operator.options),
  });
}

export const resizeOperator: PlainKind<Resize> = {
  code: 20,
  short: 'resize',
  about: {
    does: 'another height and width: positions as they are, or mixed of two rows and two columns',
    reads: '[H, W, C]',
    writes: "[H', W', C]",
  },
  parameters: {
    words: 1,
    are: 'of the first row: u16 share of the input row behind the one it comes from, in 1,024ths, u16 which that is',
    behind: 'the same of the other rows, then of the columns',
  },
  imports: {
    RESIZE_BILINEAR: resizeRule(bilinear, 15, 2),
    RESIZE_NEAREST_NEIGHBOR: resizeRule(nearest, 74, 0),
  },
  encode({ rows, columns, output }, tensors) {
    const [height, width] = tensors[output].shape;
    if (rows.length !== height || columns.length !== width)
      throw new Error(`expected ${height} rows and ${width} columns, got ${rows.length} and ${columns.length}`);
    return [...rows, ...columns].map(({ from, share }) => (from << 16) | share);
  },
  decode({ view: { output }, tensors, parameter }) {
    const [height, width] = tensors[output].shape;
    const origins = (first: number, count: number) =>
      Array.from({ length: count }, (_, i): Origin => {
        const word = parameter(first + i);
        return { from: word >>> 16, share: word & 0xffff };
      });
    return { rows: origins(0, height), columns: origins(height, width) };
  },
  run: (operator, { tensors, values }) => resize(values(operator.input), tensors[operator.input].shape, operator),
  ranges: ({ input }, { ranges }) => ranges[input], // nothing is mixed that lies outside
  channelwise: true,
  overwrites: () => [],
};
