/** Coded weights: the same outputs from fewer bytes of flash, for a decoder's instructions in every run. */
import type { Model, StoredSource } from '../model/model.ts';
import { ImageView } from '../records/view.ts';
import { type PackOptions, pack } from './pack.ts';

/** Which stored INT8 weights are coded, of those where that saves 1 byte in 32. */
export const LOSSLESS = ['arena', 'all'] as const;
/** arena: where no arena grows by it; all: whatever RAM decoding takes; null: none */
export type Lossless = (typeof LOSSLESS)[number] | null;

/**
 * The image of a model with its stored weights coded. Coded rows are decoded in scratch, which a layer next to the peak
 * has no room for; each layer has its own, so those that fit alone fit together.
 */
export function packLossless(
  model: Model,
  options: Omit<PackOptions, 'lossless'>,
  where: Lossless | undefined,
): Uint8Array {
  const plain = pack(model, options);
  if (!where) return plain;
  if (where === 'all') return pack(model, { ...options, lossless: true });
  const fits = (image: Uint8Array) => arenas(image).every((bytes, p) => bytes <= arenas(plain)[p]);
  const stored = model.sources.filter((source): source is StoredSource => source.kind === 'stored');
  const coded = new Set(
    stored.filter((source) => fits(pack(model, { ...options, lossless: (other) => other === source }))),
  );
  return pack(model, { ...options, lossless: (source) => coded.has(source) });
}

function arenas(image: Uint8Array): number[] {
  return new ImageView(image).programs.map(({ arenaBytes }) => arenaBytes);
}
