/** Instructions of an inference of an image on an emulated board. */
import { loadBoard } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { ImageView } from '../records/view.ts';
import { measureCosts } from '../residency/measure.ts';
import { UsageError } from '../system/errors.ts';

/** Of program 0, any input. Throws UsageError for a board that does not count instructions. */
export async function instructionsOf(board: string, name: string, image: Uint8Array): Promise<number> {
  const loaded = loadBoard(board);
  if (loaded.ticks.unit !== 'instructions')
    throw new UsageError(`--board must be emulated, to count instructions, got ${board}; htpw boards lists them`);
  const { programs } = await measureCosts(placeUnderBuild(name, image), new ImageView(image), loaded);
  return programs[0]!.steady;
}
