/** What an image needs of a firmware: buffers, asked from the runtime itself, and the features that it uses. */
import * as FEATURE from '../../assembly/features.ts';
import {
  DEPTHWISE,
  ENCODING_INT2,
  FULLY_CONNECTED,
  RESIDENCY_BOOT,
  RESIDENCY_LAZY,
  RESIDENCY_STREAM,
  SOURCE_BASIS,
  SOURCE_STORED,
} from '../../assembly/format.ts';
import { ImageView, type OperatorView } from '../image/view.ts';
import { Runtime } from '../runtime/node.ts';

/** Each is the largest of any program, in bytes. */
export interface ImageNeeds {
  arenaBytes: number;
  inputBytes: number;
  outputBytes: number;
  /** one bit per feature of assembly/features.ts */
  features: bigint;
}

/** Throws when the runtime refuses the image. */
export function measureImage(image: Uint8Array): ImageNeeds {
  const runtime = new Runtime(image);
  const most = (bytes: (program: number) => number) =>
    Math.max(...Array.from({ length: runtime.programs }, (_, program) => bytes(program)));
  return {
    arenaBytes: most((program) => runtime.arenaBytes(program)),
    inputBytes: most((program) => runtime.inputBytes(program)),
    outputBytes: most((program) => runtime.outputBytes(program)),
    features: featuresOf(new ImageView(image)),
  };
}

/** The kernels that a depthwise operator takes, in any variant. */
function depthwisePaths({ kernel: [height, width], stride }: OperatorView): number[] {
  if (stride[1] <= 2 && height === 3 && width === 3) return [FEATURE.FEATURE_DEPTHWISE_3X3];
  if (stride[1] > 2 || height !== 1 || width < 3 || width > 5) return [FEATURE.FEATURE_DEPTHWISE_ANY];
  return width === 4 // one that only the variants with pairs have
    ? [FEATURE.FEATURE_DEPTHWISE_FLAT, FEATURE.FEATURE_DEPTHWISE_ANY]
    : [FEATURE.FEATURE_DEPTHWISE_FLAT];
}

/** The mask of what the runtime must keep to run an image. */
export function featuresOf(image: ImageView): bigint {
  const bits = new Set<number>();
  for (const operator of image.programs.flatMap((program) => program.operators)) {
    const { kind, encoding, residency, source } = operator;
    bits.add(FEATURE.FEATURE_OPERATOR + kind).add(FEATURE.FEATURE_TABLE + encoding);
    if (residency === RESIDENCY_BOOT || residency === RESIDENCY_LAZY) bits.add(FEATURE.FEATURE_CACHE);
    if (residency === RESIDENCY_STREAM) bits.add(FEATURE.FEATURE_STREAM);
    if (kind === DEPTHWISE) for (const bit of depthwisePaths(operator)) bits.add(bit);
    else if (kind <= FULLY_CONNECTED && image.sources[source].rowLength % 4 !== 0)
      bits.add(FEATURE.FEATURE_PADDED_ROWS);
  }
  for (const { kind, encoding } of image.sources) {
    bits.add(FEATURE.FEATURE_SOURCE + kind);
    if (kind === SOURCE_STORED) bits.add(FEATURE.FEATURE_ENCODING + encoding);
  }
  for (const { kind, codeLength, codeEncoding, basisEncoding, outputs } of image.generators) {
    const tabled = basisEncoding === ENCODING_INT2 && codeLength > 0 && outputs <= 2;
    if (kind === SOURCE_BASIS && !tabled) bits.add(FEATURE.FEATURE_MIX);
    bits.add(FEATURE.FEATURE_SOURCE + kind);
    if (codeLength > 0) bits.add(FEATURE.FEATURE_ENCODING + codeEncoding);
    if (basisEncoding > 0) bits.add(FEATURE.FEATURE_ENCODING + basisEncoding);
  }
  return [...bits].reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
}
