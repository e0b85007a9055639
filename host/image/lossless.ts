/** Coded weights where they cost no RAM: the same outputs from fewer bytes of flash. */
import type { Model, StoredSource } from '../model/model.ts';
import { type PackOptions, pack } from './pack.ts';
import { ImageView } from './view.ts';

/**
 * The image of a model whose stored INT8 weights are coded wherever that saves bytes and leaves every arena as it is:
 * coded rows are decoded in scratch, which a layer next to the peak has no room for. Each layer has its own scratch, so
 * those that fit alone fit together.
 */
export function packWithinArena(model: Model, options: Omit<PackOptions, 'lossless'> = {}): Uint8Array {
  const plain = pack(model, options);
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
