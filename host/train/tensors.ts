/** The tensors of a checkpoint by name and shape, and the check that a file written elsewhere holds exactly these. */

import { UsageError } from '../system/errors.ts';
import type { Checkpoint, StoredArray } from './checkpoint.ts';
import { depthOf, type LayerSpec, taps, weightShape } from './layerSpec.ts';
import { type NetworkSpec, peakName, SMALLEST_RANGE } from './network.ts';

/** Shape by name, in the order of the layers; what several layers share comes first, `logits.peak` last. */
export function tensorShapes(spec: NetworkSpec): Map<string, number[]> {
  const { shared, alone, nodes } = spec;
  const together = shared.flatMap((method) => method.shapes());
  const layers = nodes.flatMap((node) => (node.kind === 'layer' ? [`${node.layer.name}.`] : []));
  const shapes = new Map(together.filter(([name]) => !layers.some((layer) => name.startsWith(layer))));
  for (const node of nodes) {
    if (node.kind === 'add') shapes.set(`${node.name}.range`, [1]);
    if (node.kind !== 'layer') continue;
    const { name, output, normalized } = node.layer;
    for (const [tensor, shape] of [...together, ...(alone.get(name)?.shapes() ?? [])])
      if (tensor.startsWith(`${name}.`)) shapes.set(tensor, shape);
    if (!normalized) {
      shapes.set(`${name}.bias`, [output[2]]);
      continue;
    }
    for (const part of ['gamma', 'beta', 'mean', 'variance']) shapes.set(`${name}.${part}`, [output[2]]);
    shapes.set(`${name}.range`, [1]);
  }
  return shapes.set(peakName(spec), [1]);
}

/** All that keeps a checkpoint from being exported as these networks, one phrase each; none when it can be. */
export function checkpointFaults({ tensors }: Checkpoint, specs: readonly NetworkSpec[]): string[] {
  const shapes = new Map(specs.flatMap((spec) => [...tensorShapes(spec)]));
  const missing = [...shapes].filter(([name]) => !tensors.has(name));
  const unknown = [...tensors.keys()].filter((name) => !shapes.has(name));
  const listed = (names: string[]): string => names.map((name) => `"${name}"`).join(', ');
  const present = [...shapes].flatMap(([name, shape]): [string, number[], StoredArray][] => {
    const tensor = tensors.get(name);
    return tensor ? [[name, shape, tensor]] : [];
  });
  return [
    ...missing.map(([name, shape]) => `tensor "${name}" ${text(shape)} is missing`),
    ...(unknown.length > 0
      ? [`no such tensors in ${specs.length > 1 ? 'these networks' : 'this network'}: ${listed(unknown)}`]
      : []),
    ...present.flatMap(([name, shape, tensor]) => tensorFaults(name, shape, tensor)),
    ...specs.flatMap(({ layers }) =>
      layers.flatMap((layer) => paddingFaults(layer, tensors.get(`${layer.name}.weight`))),
    ),
  ];
}

/** Faults that are named; the others are counted. */
const NAMED = 4;

/** Throws UsageError, one line, for a checkpoint that is none of these networks. */
export function assertFits(checkpoint: Checkpoint, specs: readonly NetworkSpec[], where: string): void {
  const faults = checkpointFaults(checkpoint, specs);
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
  if (name.endsWith('logits.peak')) return first((value) => value <= 0, 'a magnitude above 0');
  if (name.endsWith('.range')) return first((value) => value < SMALLEST_RANGE, `at least ${SMALLEST_RANGE}`);
  return [];
}

function paddingFaults(layer: LayerSpec, weight: StoredArray | undefined): string[] {
  const [rows, columns] = weightShape(layer);
  const used = layer.kind === 'convolution' ? taps(layer) * depthOf(layer) : columns;
  if (weight?.data.length !== rows * columns) return [];
  const at = weight.data.findIndex((value, i) => i % columns >= used && value !== 0);
  return at < 0
    ? []
    : [
        `tensor "${layer.name}.weight" expected 0 in the padding from column ${used} on, got ${weight.data[at]} at index ${at}`,
      ];
}

const text = (shape: readonly number[]): string => `[${shape.join(', ')}]`;
