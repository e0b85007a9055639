/** What files of test/sources/ share: levels of encodings, and where rows, codes and MLPs lie. */

import type { Encoding } from '../host/model/model.ts';
import { ENCODING_CODES, packedBytes } from '../host/records/packed.ts';
import type { GeneratorView, SourceView } from '../host/records/view.ts';
import type { Range } from './reach.ts';

export const LEVELS: Record<Encoding, number[]> = {
  int8: Array.from({ length: 255 }, (_, i) => i - 127),
  int4: Array.from({ length: 15 }, (_, i) => i - 7),
  int2: [-3, -1, 1, 3],
  ternary: [-1, 0, 1],
};

/** Bytes of a row of `count` values. */
export function packed(encoding: number, count: number): number {
  const [name] = Object.entries(ENCODING_CODES).find(([, code]) => code === encoding)!;
  return packedBytes(name as Encoding, count);
}

/** Codes of a source, in WEIGHTS; none without an MLP. */
export function codeReach({ data }: SourceView, { codeLength, codeEncoding }: GeneratorView, count: number): Range[] {
  return codeLength > 0 ? [[data, count * packed(codeEncoding, codeLength)]] : [];
}

/** The MLP of a generator, in WEIGHTS. */
export function mlpReach({ mlp, codeLength, hidden, outputs }: GeneratorView): Range[] {
  return codeLength > 0 ? [[mlp, 2 * (hidden + outputs) + hidden * (codeLength + outputs)]] : [];
}
