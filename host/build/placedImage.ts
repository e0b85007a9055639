/** Images that are made here, as files under build/ that firmware can embed. */
import { join } from 'node:path';
import { crc32 } from '../records/crc32.ts';
import { safeName, titleOf, writeWhole } from '../system/files.ts';
import { buildFolder } from '../system/root.ts';

/** Writes an image under build/, named after `path` and its bytes, so that two can be built and run at the same time. */
export function placeUnderBuild(path: string, image: Uint8Array): string {
  const name = `${safeName(titleOf(path))}-${crc32(image).toString(16).padStart(8, '0')}`;
  const placed = join(buildFolder(), 'images', `${name}.htpw`);
  writeWhole(placed, image);
  return placed;
}
