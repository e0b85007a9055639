/** Three measurements of an image, which all choices are computed from: all at boot, all on first use, none kept. */
import type { Board } from '../boards/board.ts';
import { placeUnderBuild } from '../build/placedImage.ts';
import { featuresOf } from '../build/requirements.ts';
import { withResidencies } from '../image/seal.ts';
import type { Residency } from '../model/model.ts';
import { ImageView } from '../records/view.ts';
import { type Costs, choicesFor, MEASURED } from './curve.ts';
import { measureCosts } from './measure.ts';

type Measured = Awaited<ReturnType<typeof measureCosts>>;

/** The image with every layer that can be of this residency so, and the others (stored INT8) in flash. */
export function uniformImage(image: Uint8Array, residency: Residency): Uint8Array {
  const view = new ImageView(image);
  return withResidencies(
    image,
    view.programs.map(({ operators }) =>
      operators.map((operator, o) => {
        const choices = choicesFor(view, operator, o);
        return choices.includes(residency) ? residency : (choices[0] ?? null);
      }),
    ),
  );
}

/**
 * Measures on an emulated board, each with the runtime of a mixture of them; images that come out the same are measured
 * once. `path` only names the files.
 */
export async function imageCosts(
  path: string,
  image: Uint8Array,
  board: Board,
  report: (done: number, total: number, note: string) => void = () => {},
): Promise<Costs> {
  const known = new Map<string, Measured>();
  const costs = {} as Costs;
  const variants = MEASURED.map((residency) => uniformImage(image, residency));
  const features = variants.reduce((mask, variant) => mask | featuresOf(new ImageView(variant)), 0n);
  for (const [i, residency] of MEASURED.entries()) {
    report(i, MEASURED.length, residency);
    const variant = variants[i];
    const key = Buffer.from(variant).toString('latin1');
    const measured =
      known.get(key) ?? (await measureCosts(placeUnderBuild(path, variant), new ImageView(variant), board, features));
    known.set(key, measured);
    costs[residency] = measured.programs;
  }
  report(MEASURED.length, MEASURED.length, '');
  return costs;
}
