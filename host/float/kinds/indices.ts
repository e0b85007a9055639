/** Places of values in arrays of several dimensions, the last one fastest. */
import { Unsupported } from '../../model/unsupported.ts';

export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** How far apart neighbours along each dimension lie. */
export const stepsOf = (shape: readonly number[]): number[] => shape.map((_, d) => countOf(shape.slice(d + 1)));

/** Of constants, too, that are turned: beyond any flash. */
const MOST_PLACES = 2 ** 25;

/**
 * For every value of an array of `shape`, in order: `begin` plus its index along each dimension times that `step`. Throws
 * Unsupported for sizes that no array has, as a damaged file may ask for.
 */
export function placesOf(shape: readonly number[], steps: readonly number[], begin = 0): Int32Array {
  const count = countOf(shape);
  if (!shape.every((size) => Number.isInteger(size) && size >= 0) || count > MOST_PLACES)
    throw new Unsupported(`an array [${shape}]`);
  const places = new Int32Array(count);
  const index = shape.map(() => 0);
  let place = begin;
  for (let i = 0; i < places.length; i++) {
    places[i] = place;
    for (let d = shape.length - 1; d >= 0; d--) {
      place += steps[d];
      if (++index[d] < shape[d]) break;
      place -= steps[d] * shape[d];
      index[d] = 0;
    }
  }
  return places;
}

/** Where in an operand of the shape `own`, laid over `shape` from behind, each value of `shape` is. */
export function indexed(shape: readonly number[], own: readonly number[]): Int32Array {
  const padded = [...new Array<number>(Math.max(0, shape.length - own.length)).fill(1), ...own].slice(-shape.length);
  const steps = stepsOf(padded).map((step, d) => (padded[d] === 1 ? 0 : step));
  return placesOf(shape, steps);
}
