/** Places of values in arrays of several dimensions, the last one fastest. */

export const countOf = (shape: readonly number[]): number => shape.reduce((product, size) => product * size, 1);

/** How far apart neighbours along each dimension lie. */
export const stepsOf = (shape: readonly number[]): number[] => shape.map((_, d) => countOf(shape.slice(d + 1)));

/** For every value of an array of `shape`, in order: `begin` plus its index along each dimension times that `step`. */
export function placesOf(shape: readonly number[], steps: readonly number[], begin = 0): Int32Array {
  const places = new Int32Array(countOf(shape));
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
