/** What programs of an image are called. */
import { ImageError, type ImageView } from './view.ts';

/** As the metadata has it, or by its number, also where the metadata cannot be read. */
export function programName(view: ImageView, index: number): string {
  const name = index === 0 ? nameOf(view) : undefined;
  return typeof name === 'string' ? name : `program ${index}`;
}

function nameOf(view: ImageView): unknown {
  try {
    return view.metadata().name;
  } catch (error) {
    if (error instanceof ImageError) return undefined;
    throw error;
  }
}
