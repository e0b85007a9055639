/** The tensors of a checkpoint by name and shape, and the check that a file written elsewhere holds exactly these. */

import { UsageError } from '../system/errors.ts';
import type { Checkpoint, StoredArray } from './checkpoint.ts';
import { codeCount, type LayerSpec, mixes, type NetworkSpec, SMALLEST_RANGE, weightShape } from './network.ts';

/** Shape by name, in the order of the layers; what all layers share comes first, `logits.peak` last. */
export function tensorShapes(spec: NetworkSpec): Map<string, number[]> {
  const shapes = new Map<string, number[]>(generatorShapes(spec));
  for (const layer of spec.layers) {
    const { name, outputChannels } = layer;
    if (layer.weights !== 'generated') shapes.set(`${name}.weight`, weightShape(layer));
    else if (spec.generator && mixes(spec.generator))
      shapes.set(`${name}.codes`, [codeCount(layer, spec.generator), spec.generator.codeLength]);
    if (layer.kind === 'fullyConnected') {
      shapes.set(`${name}.bias`, [outputChannels]);
      continue;
    }
    for (const part of ['gamma', 'beta', 'mean', 'variance']) shapes.set(`${name}.${part}`, [outputChannels]);
    shapes.set(`${name}.range`, [1]);
  }
  return shapes.set('logits.peak', [1]);
}

function generatorShapes({ generator }: NetworkSpec): [string, number[]][] {
  if (!generator) return [];
  const { matrices, rows, columns, hidden, codeLength } = generator;
  const basis: [string, number[]] = ['generator.basis', [matrices, rows, columns]];
  if (!mixes(generator)) return [basis];
  return [
    basis,
    ['generator.w1', [hidden, codeLength]],
    ['generator.b1', [hidden]],
    ['generator.w2', [matrices, hidden]],
    ['generator.b2', [matrices]],
  ];
}

/** All that keeps a checkpoint from being exported as this network, one phrase each; none when it can be. */
export function checkpointFaults({ tensors }: Checkpoint, spec: NetworkSpec): string[] {
  const shapes = tensorShapes(spec);
  const missing = [...shapes].filter(([name]) => !tensors.has(name));
  const unknown = [...tensors.keys()].filter((name) => !shapes.has(name));
  const listed = (names: string[]): string => names.map((name) => `"${name}"`).join(', ');
  const present = [...shapes].flatMap(([name, shape]): [string, number[], StoredArray][] => {
    const tensor = tensors.get(name);
    return tensor ? [[name, shape, tensor]] : [];
  });
  return [
    ...missing.map(([name, shape]) => `tensor "${name}" ${text(shape)} is missing`),
    ...(unknown.length > 0 ? [`no such tensors in this network: ${listed(unknown)}`] : []),
    ...present.flatMap(([name, shape, tensor]) => tensorFaults(name, shape, tensor)),
    ...spec.layers.flatMap((layer) => paddingFaults(layer, tensors.get(`${layer.name}.weight`))),
  ];
}

/** Faults that are named; the others are counted. */
const NAMED = 4;

/** Throws UsageError, one line, for a checkpoint that is none of this network. */
export function assertFits(checkpoint: Checkpoint, spec: NetworkSpec, where: string): void {
  const faults = checkpointFaults(checkpoint, spec);
  if (faults.length === 0) return;
  const more = faults.length > NAMED ? `; and ${faults.length - NAMED} more` : '';
  throw new UsageError(
    `${where}: does not fit the configuration: ${faults.slice(0, NAMED).join('; ')}${more}; ` +
      'give that which it was trained with',
  );
}

function tensorFaults(name: string, shape: number[], { shape: found, data }: StoredArray): string[] {
  if (text(found) !== text(shape)) return [`tensor "${name}" expected ${text(shape)}, got ${text(found)}`];
  const first = (wrong: (value: number) => boolean, expected: string): string[] => {
    const at = data.findIndex(wrong);
    return at < 0 ? [] : [`tensor "${name}" expected ${expected}, got ${data[at]} at index ${at}`];
  };
  const infinite = first((value) => !Number.isFinite(value), 'finite values');
  if (infinite.length > 0) return infinite;
  if (name.endsWith('.variance')) return first((value) => value < 0, 'variances of 0 or more');
  if (name === 'logits.peak') return first((value) => value <= 0, 'a magnitude above 0');
  if (name.endsWith('.range')) return first((value) => value < SMALLEST_RANGE, `at least ${SMALLEST_RANGE}`);
  return [];
}

function paddingFaults(layer: LayerSpec, weight: StoredArray | undefined): string[] {
  const [rows, columns] = weightShape(layer);
  const used = layer.kind === 'convolution' ? layer.kernel * layer.inputChannels : columns;
  if (layer.weights === 'generated' || weight?.data.length !== rows * columns) return [];
  const at = weight.data.findIndex((value, i) => i % columns >= used && value !== 0);
  return at < 0
    ? []
    : [
        `tensor "${layer.name}.weight" expected 0 in the padding from column ${used} on, got ${weight.data[at]} at index ${at}`,
      ];
}

const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
