/** What an image needs of a firmware: buffers, asked from the runtime itself, and the features that it uses. */
import * as FEATURE from '../../assembly/features.ts';
import { DEPTHWISE, ENCODING_INT2, SOURCE_BASIS, SOURCE_STORED } from '../../assembly/format.ts';
import { ImageView } from '../image/view.ts';
import { Runtime } from '../runtime/runtime.ts';

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

/** The mask of what the runtime must keep to run an image. */
export function featuresOf(image: ImageView): bigint {
  const bits = new Set<number>();
  for (const { kind, encoding, kernel } of image.programs.flatMap((program) => program.operators)) {
    bits.add(FEATURE.FEATURE_OPERATOR + kind).add(FEATURE.FEATURE_TABLE + encoding);
    if (kind !== DEPTHWISE) continue;
    if (kernel[0] === 3 && kernel[1] === 3) bits.add(FEATURE.FEATURE_DEPTHWISE_3X3);
    if (kernel[0] === 1 && kernel[1] >= 3 && kernel[1] <= 5) bits.add(FEATURE.FEATURE_DEPTHWISE_FLAT);
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
