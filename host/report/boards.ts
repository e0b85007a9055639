/** Which boards an image fits on, and with how much to spare: from the sizes of their firmware, built with the image. */
import type { Board } from '../boards/board.ts';
import { measureFirmware } from '../build/firmware.ts';
import { placeUnderBuild } from '../build/placedImage.ts';

export interface Fit {
  board: string;
  core: string;
  flashBytes: number;
  ramBytes: number;
  /** of the board's budget; negative where it does not fit */
  flashLeft: number;
  ramLeft: number;
}

/** The fit of each board that has a budget. Builds their firmware, so it takes seconds a board. */
export async function fitsOf(
  boards: readonly Board[],
  path: string,
  image: Uint8Array,
  report: (done: number, total: number, note: string) => void = () => {},
): Promise<Fit[]> {
  const placed = placeUnderBuild(path, image);
  const sized = boards.filter(({ budget, memory }) => budget && memory);
  const fits: Fit[] = [];
  for (const [i, board] of sized.entries()) {
    report(i, sized.length, board.name);
    const { flashBytes, ramBytes } = await measureFirmware(board, placed);
    fits.push({
      board: board.name,
      core: board.core,
      flashBytes,
      ramBytes,
      flashLeft: board.budget!.flashBytes - flashBytes,
      ramLeft: board.budget!.ramBytes - ramBytes,
    });
  }
  return fits;
}
