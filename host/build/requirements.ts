/** What an image needs of a firmware: buffers, asked from the runtime itself, and the features that it uses. */
import * as FEATURE from '../../assembly/features.ts';
import { RESIDENCY_BOOT, RESIDENCY_LAZY, RESIDENCY_STREAM } from '../../assembly/format.ts';
import { FEW_OPERATORS } from '../../assembly/limits.ts';
import { kindOf } from '../operators/registry.ts';
import { ImageView, type ProgramView } from '../records/view.ts';
import { Runtime } from '../runtime/node.ts';
import { generatorKind, sourceKind } from '../sources/registry.ts';

/** Each is the largest of any program, in bytes. */
export interface Requirements {
  arenaBytes: number;
  inputBytes: number;
  outputBytes: number;
  /** of a stream's state; 0 where no program can be streamed */
  streamBytes: number;
  /** one bit per feature of assembly/features.ts */
  features: bigint;
}

/** Throws when the runtime refuses the image. */
export function requirementsOf(image: Uint8Array): Requirements {
  const runtime = new Runtime(image);
  const most = (bytes: (program: number) => number) =>
    Math.max(...Array.from({ length: runtime.programs }, (_, program) => bytes(program)));
  return {
    arenaBytes: most((program) => runtime.arenaBytes(program)),
    inputBytes: most((program) => runtime.inputBytes(program)),
    outputBytes: most((program) => runtime.outputBytes(program)),
    streamBytes: most((program) => runtime.streamBytes(program)),
    features: featuresOf(new ImageView(image)),
  };
}

/** Of several images in one firmware: the largest buffers, the features of any. */
export function requirementsOfAll(each: readonly Requirements[]): Requirements {
  const most = (size: Exclude<keyof Requirements, 'features'>) => Math.max(...each.map((needs) => needs[size]));
  return {
    arenaBytes: most('arenaBytes'),
    inputBytes: most('inputBytes'),
    outputBytes: most('outputBytes'),
    streamBytes: most('streamBytes'),
    features: each.reduce((mask, { features }) => mask | features, 0n),
  };
}

/** The mask of what the runtime must keep to run an image. */
export function featuresOf(image: ImageView): bigint {
  const bits = new Set<number>();
  for (const { operators, grain } of image.programs)
    if (operators.length > FEW_OPERATORS || grain > 1) bits.add(FEATURE.FEATURE_LARGE_PROGRAM);
  for (const { operator, tensors } of image.programs.flatMap(operatorsOf)) {
    const { kind, encoding, residency, source } = operator;
    bits.add(FEATURE.FEATURE_OPERATOR + kind).add(FEATURE.FEATURE_TABLE + encoding);
    if (residency === RESIDENCY_BOOT || residency === RESIDENCY_LAZY) bits.add(FEATURE.FEATURE_CACHE);
    if (residency === RESIDENCY_STREAM) bits.add(FEATURE.FEATURE_STREAM);
    const known = kindOf(operator);
    const own =
      'layout' in known ? known.features(operator, image.sources[source]) : (known.features?.(operator, tensors) ?? []);
    for (const bit of own) bits.add(bit);
  }
  for (const view of image.sources) {
    for (const bit of [FEATURE.FEATURE_SOURCE + view.kind, ...sourceKind(view).features(view)]) bits.add(bit);
  }
  for (const view of image.generators) {
    for (const bit of [FEATURE.FEATURE_SOURCE + view.kind, ...generatorKind(view).features(view)]) bits.add(bit);
  }
  return [...bits].reduce((mask, bit) => mask | (1n << BigInt(bit)), 0n);
}

/** Each with the tensors that its numbers mean. */
function operatorsOf({ operators, tensors }: ProgramView) {
  return operators.map((operator) => ({ operator, tensors }));
}
