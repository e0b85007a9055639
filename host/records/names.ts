/** What metadata, which may hold anything, say of the programs of an image, and what these are called. */
import { ImageError, type ImageView } from './view.ts';

/** Of a program: its entry in the list `programs`; where there is no list all that they say, of the first. */
export function metadataAt(metadata: Record<string, unknown>, index: number): Record<string, unknown> {
  const { programs } = metadata;
  if (!Array.isArray(programs)) return index === 0 ? metadata : {};
  const entry: unknown = programs[index];
  return typeof entry === 'object' && entry !== null && !Array.isArray(entry) ? { ...entry } : {};
}

/** The name of a program in metadata, else its number. */
export function nameAt(metadata: Record<string, unknown>, index: number): string {
  const { name } = metadataAt(metadata, index);
  return typeof name === 'string' ? name : `program ${index}`;
}

/** The same in an image, also where the metadata cannot be read. */
export function programName(view: ImageView, index: number): string {
  try {
    return nameAt(view.metadata(), index);
  } catch (error) {
    if (error instanceof ImageError) return nameAt({}, index);
    throw error;
  }
}
